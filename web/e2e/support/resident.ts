/** What residents do on the pages of a report. */
import type { Page } from "playwright-core";

/** Goes on from the place; where the same was reported near by, says that it is another matter. */
export async function onFromWhere(page: Page): Promise<void> {
  await page.getByRole("button", { name: "下一步" }).click();
  const known = page.getByRole("button", { name: "不是同一件事，继续反映" });
  const contact = page.getByRole("heading", { name: "怎么联系您？" });
  await known.or(contact).first().waitFor();
  if (await known.isVisible()) await known.click();
  await contact.waitFor();
}
