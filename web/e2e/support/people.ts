/** Colleagues whom the demo does not introduce: a department's clerk with an account made for one test. */
import { randomUUID } from "node:crypto";
import type { BrowserContext } from "playwright-core";
import type { components } from "../../src/shared/api/schema";
import { DESK, open, origin } from "./browser";
import { signIn, type Person } from "./city";

type Schemas = components["schemas"];
const PASSWORD = "putao-jia-xia-9pai";

async function post<T>(context: BrowserContext, path: string, data: unknown): Promise<T> {
  const answer = await context.request.post(path, { data, headers: { Origin: origin(), "Idempotency-Key": randomUUID() } });
  if (!answer.ok()) throw new Error(`POST ${path}: ${answer.status()} ${await answer.text()}`);
  return (answer.status() === 204 ? undefined : await answer.json()) as T;
}

/** An account that an administrator makes, with a password of its own. */
async function account(name: string, more: { display_name: string; role: Schemas["Role"]; area_code: string; unit_code?: string }): Promise<Person> {
  const admin = await open(DESK);
  await signIn(admin, "admin");
  const { password } = await post<Schemas["AccountCreated"]>(admin, "/api/accounts", { name, ...more });
  const own = await open(DESK);
  await post(own, "/api/session", { name, password });
  await post(own, "/api/session/password", { old: password, new: PASSWORD });
  await Promise.all([admin.close(), own.close()]);
  return { name, password: PASSWORD };
}

/** Someone who answers for a unit of the area, signed in at a desk of their own. */
export async function departmentClerk(unit: string, area: string, display: string): Promise<BrowserContext> {
  const who = await account(`clerk-${unit.replaceAll("_", "-")}-${randomUUID().slice(0, 8)}`, { display_name: display, role: "department_clerk", area_code: area, unit_code: unit });
  const desk = await open(DESK);
  await post(desk, "/api/session", who);
  return desk;
}

/** A grid worker whose day has not begun: nothing was recorded by them. */
export const newWorker = (area: string, display: string): Promise<Person> => account(`worker-${randomUUID().slice(0, 8)}`, { display_name: display, role: "grid_worker", area_code: area });
