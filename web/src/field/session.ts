import { shallowRef } from "vue";
import type { Router } from "vue-router";
import { api, onSignedOut, unwrap } from "@shared/api/client";
import { ProblemError } from "@shared/api/problem";
import type { Me } from "@shared/api/types";
import { leaveNote, noteIsOf } from "./cases/noteDraft";
import { endLeft, leave, noteSignedIn } from "./leaving";
import { accountsHere } from "./phone/database";
import { dropEndedLeases, type Opened } from "./phone/keys";
import { isOpen, lock, noteMe, openPhone, syncNow, usePhone } from "./phone/phone";
import { whoAmI } from "./phone/server";

const me = shallowRef<Me | null>(null);

export function useMe(): typeof me {
  return me;
}

/** Who is signed in, asked once a visit; `null` when nobody is. */
async function load(): Promise<Me | null> {
  if (me.value !== null) return me.value;
  try {
    await endLeft();
    me.value = await unwrap(api.GET("/api/session"));
    noteIsOf(me.value.id);
  } catch (cause) {
    if (cause instanceof ProblemError && cause.status === 401) return null;
    throw cause;
  }
  return me.value;
}

/** @throws ProblemError */
export async function signIn(name: string, password: string): Promise<void> {
  me.value = await unwrap(api.POST("/api/session", { body: { name, password } }));
  noteSignedIn();
  noteIsOf(me.value.id);
  // What another person has open on this phone closes; it stays on the phone, sealed.
  if (usePhone().opened.value?.account === me.value.id) syncNow();
  else lock();
}

/** Ends the session and closes the phone. With no network the phone closes all the same, the PIN guards it, and the server is told later. */
export async function signOut(): Promise<void> {
  const wasOpen = isOpen();
  if (wasOpen) await leave(me.value?.id ?? "");
  else await unwrap(api.DELETE("/api/session"));
  lock();
  leaveNote();
  me.value = null;
}

/** The PIN was right: the pages open on what lies on the phone, and the server is asked meanwhile who is signed in. */
export async function enter(phone: Opened): Promise<void> {
  await openPhone(phone);
  me.value = phone.me;
  void refresh(phone.account);
}

async function refresh(account: string): Promise<void> {
  try {
    await endLeft();
    const now = await whoAmI(30_000);
    if (now.id !== account) return;
    me.value = now;
    await noteMe(now);
  } catch {
    // With no network the phone goes on with what it knows; the sync says when one must sign in again.
  }
}

/** Who is signed in, if the server says so at once. */
async function quickly(): Promise<Me | null> {
  if (me.value !== null) return me.value;
  return endLeft()
    .then(() => whoAmI())
    .catch(() => null);
}

/** Whether the PIN is asked for: this phone has something that waits for it, and nobody else is at work on it. */
async function isLocked(): Promise<boolean> {
  const accounts = await accountsHere();
  if (accounts.length === 0) return false;
  await dropEndedLeases(accounts);
  const person = await quickly();
  return person === null || accounts.includes(person.id);
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
    if (!isOpen() && (await isLocked())) return { name: "unlock", query: { next: to.fullPath } };
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
    // An open phone goes on without a session; it says that one must sign in before anything is sent.
    if (isOpen()) return;
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
    /** Shown before anyone is known: no tabs, no state of the upload. */
    door?: boolean;
  }
}
