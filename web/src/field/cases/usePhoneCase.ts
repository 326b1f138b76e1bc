import { computed, ref } from "vue";
import { useI18n } from "vue-i18n";
import type { LiveState } from "@shared/api/live";
import { ProblemError, problemFrom, toProblem } from "@shared/api/problem";
import type { ActionOffer, CaseView, FormValues, TaskOffer } from "@shared/api/types";
import { faultText } from "../phone/fault";
import { offersOf, type CaseItem } from "../phone/merge";
import { act as keepAct, dismiss, outcomeOf, usePhone } from "../phone/phone";
import { refusalOf } from "../phone/refusal";
import type { Entry, Rows } from "../phone/types";
import { useCase, written, type CaseAtHand, type Outcome } from "./useCase";

/** What the phone knows of a case, in the shape of the server's view; what it does not know is empty. */
function viewOf(item: CaseItem, rows: Rows): CaseView {
  const { row, body } = item;
  const actions = offersOf(item).map(({ form, then: _, ...offer }): ActionOffer => ({ ...offer, form: form === undefined ? [] : (rows.get("form", form) ?? []) }));
  const view = {
    ...row,
    full_text: body?.full_text ?? row.text,
    place_text: body?.place_text ?? row.area.full_name,
    question: body?.question ?? null,
    reply: body?.reply ?? null,
    actions,
    attachments: [],
    deadlines: [],
    tasks: [],
    timeline: [],
    people: [],
    links: [],
    routing: [],
    templates: [],
    reporter: {},
    channel_name: "",
  };
  return view as unknown as CaseView;
}

/** One case from the phone; with a network the whole of it is fetched beside. What is done goes through the outbox. */
export function usePhoneCase(id: () => string): CaseAtHand {
  const { t } = useI18n();
  const { view, rows, stopped } = usePhone();
  const online = useCase(id);
  const { shown: whole, farewell, conflict, refusal, load } = online;
  const busy = ref(false);

  /** A public code in a link names a case too. */
  const item = computed(() => view.value.cases.get(id()) ?? [...view.value.cases.values()].find(({ row }) => row.code !== "" && row.code === id()));
  const pending = computed(() => item.value?.pending ?? []);
  const partial = computed(() => whole.value === null || (item.value?.body !== null && item.value !== undefined && whole.value.version < item.value.row.version));
  const shown = computed((): CaseView | null => {
    if (item.value === undefined) return whole.value;
    const own = viewOf(item.value, rows.value);
    return whole.value === null || whole.value.version < own.version ? own : { ...whole.value, actions: pending.value.length > 0 ? own.actions : whole.value.actions };
  });

  const problem = computed(() => (item.value === undefined ? online.problem.value : null));

  async function refused(entry: Entry, offer: ActionOffer, fields: FormValues): Promise<Outcome> {
    const error = new ProblemError(problemFrom(refusalOf(entry)?.problem, refusalOf(entry)?.problem.status ?? 0));
    if (error.isConflict) {
      conflict.value = { detail: error.problem.detail ?? null, written: written(offer, fields) };
      return "conflict";
    }
    // It is said in the form that it was typed into, so it need not lie in the outbox too.
    refusal.value = error;
    await dismiss(entry);
    return "refused";
  }

  async function act(offer: ActionOffer, fields: FormValues): Promise<Outcome> {
    const before = shown.value;
    if (before === null) return "refused";
    busy.value = true;
    refusal.value = null;
    conflict.value = null;
    try {
      const entry = await keepAct({
        type: "case.act",
        entity_id: before.id,
        base_version: before.version,
        payload: { action: offer.verb, fields },
        attachments: offer.form.filter(({ kind }) => kind === "photos").flatMap(({ name }) => (Array.isArray(fields[name]) ? fields[name].map(String) : [])),
        told: { title: `${offer.name} · ${before.text}`, place: before.area.name, written: written(offer, fields) },
      });
      return await after(entry, offer, fields);
    } catch (cause) {
      refusal.value = new ProblemError({ ...toProblem(cause).problem, title: faultText(cause, t), code: "not_kept" });
      return "refused";
    } finally {
      busy.value = false;
    }
  }

  async function after(entry: Entry, offer: ActionOffer, fields: FormValues): Promise<Outcome> {
    const outcome = stopped.value === "offline" ? null : await outcomeOf(entry);
    if (outcome === null || outcome.status === "held") return "kept";
    if (outcome.status === "rejected") return refused({ ...entry, outcome }, offer, fields);
    await load();
    // Done, and with others now.
    if (online.problem.value?.status === 404) farewell.value = t("field.case.done", { name: offer.name });
    return "done";
  }

  // Tasks beside a case are with the server alone: they are there when it is, and so is what is done with them.
  const actOnTask = (task: string, offer: TaskOffer, fields: FormValues): Promise<Outcome> => online.actOnTask(task, offer, fields);

  return { shown, problem, refusal, conflict, farewell, busy, live: ref<LiveState>("live"), partial, pending, load, act, actOnTask };
}
