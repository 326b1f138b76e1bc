import { shallowRef } from "vue";
import type { Router } from "vue-router";
import { api, onSignedOut, unwrap } from "@shared/api/client";
import { ProblemError } from "@shared/api/problem";
import type { Me } from "@shared/api/types";

const me = shallowRef<Me | null>(null);

export function useMe(): typeof me {
  return me;
}

/** Who is signed in, asked once a visit; `null` when nobody is. */
async function load(): Promise<Me | null> {
  if (me.value !== null) return me.value;
  try {
    me.value = await unwrap(api.GET("/api/session"));
  } catch (cause) {
    if (cause instanceof ProblemError && cause.status === 401) return null;
    throw cause;
  }
  return me.value;
}

/** @throws ProblemError */
export async function signIn(name: string, password: string): Promise<void> {
  me.value = await unwrap(api.POST("/api/session", { body: { name, password } }));
}

/** @throws ProblemError */
export async function signOut(): Promise<void> {
  await unwrap(api.DELETE("/api/session"));
  me.value = null;
}

/** @throws ProblemError */
export async function changePassword(old: string, fresh: string): Promise<void> {
  await unwrap(api.POST("/api/session/password", { body: { old, new: fresh } }));
  me.value = null;
  await load();
}

/** Leads to the sign-in page and back to where one wanted to be. */
export function guard(router: Router): void {
  router.beforeEach(async (to) => {
    if (to.meta.open) return true;
    let person: Me | null;
    try {
      person = await load();
    } catch {
      return { name: "signIn", query: { next: to.fullPath, fault: "unreachable" } };
    }
    if (person === null) return { name: "signIn", query: { next: to.fullPath } };
    if (person.must_change_password && to.name !== "password") return { name: "password" };
    return true;
  });
  onSignedOut(() => {
    const { currentRoute } = router;
    me.value = null;
    if (!currentRoute.value.meta.open) void router.push({ name: "signIn", query: { next: currentRoute.value.fullPath } });
  });
}

declare module "vue-router" {
  interface RouteMeta {
    /** Needs no sign-in. */
    open?: boolean;
    /** Without the tab bar: one task, then back. */
    bare?: boolean;
  }
}
