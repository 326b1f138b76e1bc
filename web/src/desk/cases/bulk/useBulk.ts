/** One act on the cases that are picked: what all of them offer, and what became of each. */
import { ref, shallowRef, watch } from "vue";
import { api, unwrap } from "@shared/api/client";
import { Intention } from "@shared/api/intention";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { ActionOffer, CaseRow, FormValues } from "@shared/api/types";
import type { BulkOutcome } from "../../types";
import type { Selection } from "../useSelection";

/** Picking goes fast; what is offered is asked for when it pauses. */
const SETTLE_MS = 250;

/** A case that did not go, as the clerk saw it, with the reason. */
export interface Left {
  row: CaseRow;
  outcome: BulkOutcome;
}

export interface Done {
  /** What was done, as its button is called. */
  name: string;
  nDone: number;
  left: readonly Left[];
}

export function useBulk(selection: Selection) {
  const offers = shallowRef<readonly ActionOffer[] | null>(null);
  const failure = shallowRef<ProblemError | null>(null);
  const busy = ref(false);
  const done = shallowRef<Done | null>(null);
  const intention = new Intention();
  /** What was sent without an answer: sent again as it was, so that nothing is done twice. */
  let unanswered: { said: string; rows: readonly CaseRow[] } | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let turn = 0;

  async function ask(): Promise<void> {
    const mine = ++turn;
    const ids = [...selection.ids.value];
    if (ids.length === 0) {
      offers.value = null;
      return;
    }
    try {
      const answer = await unwrap(api.POST("/api/cases/bulk/offers", { body: { ids } }));
      if (mine !== turn) return;
      offers.value = answer.actions;
      failure.value = null;
    } catch (error) {
      if (mine === turn) failure.value = toProblem(error);
    }
  }
  watch(selection.ids, (ids, before) => {
    // Another one was picked: what came of the last act has been read.
    if ([...ids].some((id) => !before.has(id))) done.value = null;
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), SETTLE_MS);
  });

  /** Sends it; `null` when nothing came back, or when the request as a whole was refused: then `failure` says why. */
  async function send(offer: ActionOffer, fields: FormValues): Promise<Done | null> {
    if (busy.value) return null;
    const said = JSON.stringify([offer.verb, fields]);
    const rows = unanswered?.said === said ? unanswered.rows : selection.rows.value;
    const body = { verb: offer.verb, items: rows.map(({ id, version }) => ({ id, version })), fields };
    busy.value = true;
    failure.value = null;
    try {
      const header = { "Idempotency-Key": intention.keyFor(body) };
      const answer = await unwrap(api.POST("/api/cases/bulk", { params: { header }, body }));
      intention.done();
      unanswered = null;
      return settle(offer.name, rows, answer.items);
    } catch (error) {
      failure.value = toProblem(error);
      unanswered = failure.value.status === 0 || failure.value.status >= 500 ? { said, rows } : null;
      return null;
    } finally {
      busy.value = false;
    }
  }

  /** What went is no longer picked; what did not stays, with the reason. */
  function settle(name: string, rows: readonly CaseRow[], items: readonly BulkOutcome[]): Done {
    const isDone = (outcome: BulkOutcome): boolean => outcome.result === "done";
    const left = items.filter((outcome) => !isDone(outcome)).flatMap((outcome) => {
      const row = rows.find(({ id }) => id === outcome.id);
      return row === undefined ? [] : [{ row, outcome }];
    });
    selection.remove(items.filter(isDone).map(({ id }) => id));
    const result = { name, nDone: items.length - left.length, left };
    done.value = result;
    return result;
  }

  function seen(): void {
    done.value = null;
  }
  return { offers, failure, busy, done, ask, send, seen };
}
