/** Who is working here: asked once at the start, forgotten at sign-out and when the server says the session is over. */
import { computed, shallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { ProblemError } from "@shared/api/problem";
import type { AreaRef, Me } from "@shared/api/types";

/** What a person may do besides working on cases, as the server names it. */
export type May =
  | "view_case"
  | "view_care"
  | "keep_care"
  | "view_care_figures"
  | "read_contact"
  | "view_areas"
  | "administer_areas"
  | "view_people"
  | "administer_people"
  | "read_audit"
  | "import_orders"
  | "export_orders"
  | "transfer_out"
  | "report_on_behalf"
  | "view_wall"
  | "view_board"
  | "view_playbook"
  | "view_deliveries"
  | "manage_deliveries"
  | "administer_banners"
  | "read_notice_log"
  | "view_registry"
  | "edit_registry"
  | "decide_proposals"
  | "import_registry"
  | "read_registry_private"
  | "view_visits"
  | "record_visit"
  | "decide_visit_problems"
  | "publish_opinions"
  | "view_duties"
  | "arrange_duties"
  | "keep_ledgers"
  | "approve_export"
  | "move_playbook"
  | "rehearse_playbook";

const me = shallowRef<Me | null>(null);

/** Loads the session; `null` when nobody is signed in. Other failures are thrown. */
export async function loadSession(): Promise<Me | null> {
  if (me.value !== null) return me.value;
  try {
    me.value = await unwrap(api.GET("/api/session"));
  } catch (error) {
    if (error instanceof ProblemError && error.status === 401) return null;
    throw error;
  }
  return me.value;
}

/** @throws ProblemError */
export async function signIn(name: string, password: string): Promise<Me> {
  me.value = await unwrap(api.POST("/api/session", { body: { name, password } }));
  return me.value;
}

/** Ends the session at the server; the page is left before the person is forgotten, see `forgetSession`. */
export async function signOut(): Promise<void> {
  await unwrap(api.DELETE("/api/session"));
}

/** Nobody is signed in any more. */
export function forgetSession(): void {
  me.value = null;
}

/** After a change of the account itself (password). */
export async function reloadSession(): Promise<void> {
  me.value = null;
  await loadSession();
}

export function useSession() {
  return { me, may: (what: May): boolean => me.value?.may.includes(what) ?? false };
}

/** The signed-in person, on pages behind the guard. While such a page is being left it still shows whom it was for. */
export function useMe() {
  const { may } = useSession();
  let last = me.value;
  const person = computed<Me>(() => {
    last = me.value ?? last;
    if (last === null) throw new Error("this page is only shown to someone who is signed in");
    return last;
  });
  /** Where the person's pages begin; `null` where no areas are loaded yet. */
  const home = computed<AreaRef | null>(() => person.value.home_area ?? null);
  return { me: person, home, may };
}
