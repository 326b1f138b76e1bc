/** Premises looked at by their checklist: on the phone when it is open, else at the server. */
import { computed, ref, watch, type ComputedRef, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import { api, unwrap } from "@shared/api/client";
import { useDuty } from "../duties/useDuty";
import { given, useDoing, wordsOf, type Doing } from "../phone/doing";
import { useRegistryRecord } from "../registry/useRegistryRecord";
import { useChecklists } from "./useChecklists";
import { useKept } from "./useKept";
import type { Checklist, Duty, RecordInspection } from "../phone/types";
import { answersOf, findings, fits, linesOf, type Line } from "./answers";

export interface Premises {
  label: string;
  address: string;
  kind: string;
}

export interface Inspecting {
  /** For which they are looked at, where it is due. */
  duty: ComputedRef<Duty | null>;
  /** Whoever stands before premises may look at them though nothing is due. */
  premises: ComputedRef<Premises | null>;
  /** Whether it is known which premises they are and by which checklists. */
  known: ComputedRef<boolean>;
  /** Those that are for these premises; mostly one. */
  checklists: ComputedRef<Checklist[]>;
  code: Ref<string>;
  lines: Ref<Line[]>;
  note: Ref<string>;
  doing: Doing;
  save: () => Promise<boolean>;
}

export function useInspection(record: () => string): Inspecting {
  const { t } = useI18n();
  const doing = useDoing();
  const { duty, known } = useDuty(({ target, evidence }) => target?.record_id === record() && evidence.includes("inspection"));
  const code = ref("");
  const lines = ref<Line[]>([]);
  const note = ref("");

  const lists = useChecklists();
  const row = useRegistryRecord(() => ({ kind: "premises", id: record() }));
  const premises = computed((): Premises | null => {
    const target = duty.value?.target;
    if (target) return { label: target.label, address: target.address ?? duty.value?.area.name ?? "", kind: target.premises_kind ?? "other" };
    const here = row.item.value?.row;
    return here?.kind === "premises" ? { label: here.name, address: here.address, kind: here.fields.premises_kind ?? "other" } : null;
  });
  const checklists = computed(() => lists.all.value.filter((list) => premises.value !== null && fits(list, premises.value.kind)));
  const checklist = computed(() => checklists.value.find((list) => list.code === code.value));

  watch(checklists, (lists) => { code.value = lists.some((list) => list.code === code.value) ? code.value : (lists[0]?.code ?? ""); }, { immediate: true });
  // What is being gone through stays as it is though its row is sent again.
  watch(() => checklist.value?.code, () => { lines.value = checklist.value === undefined ? [] : linesOf(checklist.value); }, { immediate: true });

  const kept = useKept(record, code, lines, note);

  async function save(): Promise<boolean> {
    const found = findings(lines.value);
    const body: RecordInspection = { record_id: record(), checklist: code.value, answers: answersOf(lines.value), ...(given(note.value) === undefined ? {} : { note: given(note.value) }) };
    const isDone = await doing.run(
      {
        type: "inspection.record",
        entity_id: null,
        base_version: null,
        payload: { ...body },
        attachments: body.answers.flatMap(({ attachments }) => attachments ?? []),
        told: {
          title: found.length === 0 ? t("field.inspect.fine") : t("field.inspect.found", { n: found.length }),
          place: premises.value?.label ?? "",
          written: wordsOf(...found.map((line) => line.note), note.value),
        },
      },
      (header) => unwrap(api.POST("/api/inspections", { params: { header }, body })),
    );
    if (isDone) kept.drop();
    return isDone;
  }

  return { duty, premises, known: computed(() => known.value && lists.known.value && row.known.value), checklists, code, lines, note, doing, save };
}
