import { computed, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from "vue";
import { isGone } from "@shared/api/acted";
import { api, unwrap } from "@shared/api/client";
import { Intention } from "@shared/api/intention";
import { useLive, type LiveState } from "@shared/api/live";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { Acted, ActionOffer, CaseView, FormOffer, FormValues, TaskOffer } from "@shared/api/types";
import type { Entry } from "../phone/types";

/** Someone else acted first: what happened, and what this person had written. */
export interface Conflict {
  detail: string | null;
  written: string[];
}

/** `gone`: it is done, and the case went to others with it; `farewell` says so. `kept`: it is on the phone and goes when it can. */
export type Outcome = "done" | "gone" | "conflict" | "refused" | "kept";

export interface CaseAtHand {
  shown: Readonly<Ref<CaseView | null>>;
  problem: Readonly<Ref<ProblemError | null>>;
  refusal: ShallowRef<ProblemError | null>;
  conflict: ShallowRef<Conflict | null>;
  farewell: Ref<string>;
  busy: Ref<boolean>;
  live: Ref<LiveState>;
  /** Only what lies on the phone is known: no story, no photos, nobody's number. */
  partial: Ref<boolean>;
  /** Acts of one's own that are on their way. */
  pending: ComputedRef<Entry[]>;
  load: () => Promise<void>;
  act: (offer: ActionOffer, fields: FormValues) => Promise<Outcome>;
  actOnTask: (task: string, offer: TaskOffer, fields: FormValues) => Promise<Outcome>;
}

const WRITTEN = ["text", "longtext", "reply"];

function wordsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(wordsIn) : [];
}

/** The words that were typed into a form, to give back when the form no longer fits the case. */
export function written(offer: FormOffer, fields: FormValues): string[] {
  return offer.form.filter((field) => WRITTEN.includes(field.kind)).flatMap((field) => wordsIn(fields[field.name]));
}

/** One case, fresh, with the actions that the server offers. With an open phone: `usePhoneCase`. */
export function useCase(id: () => string): CaseAtHand {
  const shown = shallowRef<CaseView | null>(null);
  const problem = shallowRef<ProblemError | null>(null);
  const refusal = shallowRef<ProblemError | null>(null);
  const conflict = shallowRef<Conflict | null>(null);
  const farewell = ref("");
  const busy = ref(false);
  const intention = new Intention();

  async function load(): Promise<void> {
    try {
      shown.value = await unwrap(api.GET("/api/cases/{id}", { params: { path: { id: id() } } }));
      problem.value = null;
    } catch (cause) {
      problem.value = toProblem(cause);
    }
  }

  async function refused(cause: unknown, offer: FormOffer, fields: FormValues): Promise<Outcome> {
    const error = toProblem(cause);
    if (!error.isConflict) {
      refusal.value = error;
      return "refused";
    }
    if (error.current === undefined) await load();
    else shown.value = error.current;
    conflict.value = { detail: error.problem.detail ?? null, written: written(offer, fields) };
    return "conflict";
  }

  async function command(offer: FormOffer, fields: FormValues, intended: string, send: (on: CaseView, header: { "Idempotency-Key": string }) => Promise<Acted>): Promise<Outcome> {
    const before = shown.value;
    if (before === null) return "refused";
    busy.value = true;
    refusal.value = null;
    conflict.value = null;
    try {
      const after = await send(before, { "Idempotency-Key": intention.keyFor({ intended, version: before.version, fields }) });
      intention.done();
      if (isGone(after)) {
        farewell.value = after.sentence;
        return "gone";
      }
      shown.value = after;
      return "done";
    } catch (cause) {
      return await refused(cause, offer, fields);
    } finally {
      busy.value = false;
    }
  }

  const act = (offer: ActionOffer, fields: FormValues): Promise<Outcome> =>
    command(offer, fields, offer.verb, ({ id: on, version }, header) =>
      unwrap(api.POST("/api/cases/{id}/actions/{verb}", { params: { path: { id: on, verb: offer.verb }, header }, body: { version, fields } })),
    );

  const actOnTask = (task: string, offer: TaskOffer, fields: FormValues): Promise<Outcome> =>
    command(offer, fields, `${task}/${offer.verb}`, ({ id: on, version }, header) =>
      unwrap(
        api.POST("/api/cases/{id}/tasks/{task_id}/actions/{verb}", {
          params: { path: { id: on, task_id: task, verb: offer.verb }, header },
          body: { version, fields },
        }),
      ),
    );

  const { state: live } = useLive(() => "/api/live", {
    on: {
      case: (data) => {
        // While our own command is under way its answer brings the fresh case.
        const isThis = typeof data === "object" && data !== null && "id" in data && data.id === id();
        if (isThis && !busy.value) void load();
      },
    },
    onResume: () => void load(),
  });
  watch(id, load, { immediate: true });
  return { shown, problem, refusal, conflict, farewell, busy, live, partial: ref(false), pending: computed(() => []), load, act, actOnTask };
}
