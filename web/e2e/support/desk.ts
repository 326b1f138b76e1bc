/** What clerks do on the page of a case. */
import type { Locator, Page } from "playwright-core";

/** Opens an action's form: a button of the bar, or an entry of its menu. */
export async function choose(page: Page, name: string): Promise<Locator> {
  const bar = page.getByRole("group", { name: "可以做的操作", exact: true });
  await bar.getByRole("button").first().waitFor();
  const button = bar.getByRole("button", { name, exact: true });
  if ((await button.count()) > 0) await button.click();
  else {
    await bar.getByRole("button", { name: "更多操作" }).click();
    await bar.getByRole("menuitem", { name, exact: true }).click();
  }
  return page.getByRole("region", { name, exact: true });
}

/** Sends an open form and waits until it is gone. */
export async function send(form: Locator, name: string): Promise<void> {
  await form.getByRole("button", { name, exact: true }).click();
  await form.waitFor({ state: "detached" });
}

/** Ticks seats in a list of them. */
export async function tick(form: Locator, group: string, names: readonly string[]): Promise<void> {
  const list = form.getByRole("group", { name: new RegExp(`^${group}`) });
  for (const name of names) {
    await list.getByRole("searchbox").fill(name);
    await list.getByRole("checkbox", { name: new RegExp(name) }).check();
  }
}

/** Does something with one's own task on the page of the case. */
export async function onTask(page: Page, party: string, action: string, fill: (form: Locator) => Promise<void> = async () => undefined): Promise<void> {
  const acts = page.getByRole("group", { name: `${party}可以做的操作` });
  await acts.getByRole("button", { name: action, exact: true }).click();
  const form = page.getByRole("region", { name: `${party}：${action}` });
  await form.waitFor();
  await fill(form);
  await send(form, action);
}

/** Chooses a yes or no. */
export async function answer(form: Locator, question: RegExp | string, choice: "是" | "否"): Promise<void> {
  await form.getByRole("group", { name: question }).getByRole("radio", { name: choice, exact: true }).check();
}
