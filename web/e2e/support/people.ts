/** Colleagues whom the demo does not introduce: a department's clerk with an account made for one test. */
import { randomUUID } from "node:crypto";
import type { BrowserContext } from "playwright-core";
import type { components } from "../../src/shared/api/schema";
import { DESK, open, origin } from "./browser";
import { signIn } from "./city";

type Schemas = components["schemas"];
const PASSWORD = "putao-jia-xia-9pai";

async function post<T>(context: BrowserContext, path: string, data: unknown): Promise<T> {
  const answer = await context.request.post(path, { data, headers: { Origin: origin(), "Idempotency-Key": randomUUID() } });
  if (!answer.ok()) throw new Error(`POST ${path}: ${answer.status()} ${await answer.text()}`);
  return (answer.status() === 204 ? undefined : await answer.json()) as T;
}

/** Someone who answers for a unit of the area, signed in at a desk of their own. */
export async function departmentClerk(unit: string, area: string, display: string): Promise<BrowserContext> {
  const admin = await open(DESK);
  await signIn(admin, "admin");
  const name = `clerk-${unit.replaceAll("_", "-")}-${randomUUID().slice(0, 8)}`;
  const { password } = await post<Schemas["AccountCreated"]>(admin, "/api/accounts", {
    name,
    display_name: display,
    role: "department_clerk",
    area_code: area,
    unit_code: unit,
  });
  const desk = await open(DESK);
  await post(desk, "/api/session", { name, password });
  await post(desk, "/api/session/password", { old: password, new: PASSWORD });
  // The first password ends the session that it was changed in, or it does not: signed in either way.
  await post(desk, "/api/session", { name, password: PASSWORD });
  await admin.close();
  return desk;
}
