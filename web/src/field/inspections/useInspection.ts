/** Premises looked at by their checklist: on the phone when it is open, else at the server. */
import { computed, ref, shallowRef, watch, type ComputedRef, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import { api, unwrap } from "@shared/api/client";
import { useDuty } from "../duties/useDuty";
import { given, useDoing, wordsOf, type Doing } from "../phone/doing";
import { usePhone } from "../phone/phone";
import { useKept } from "./useKept";
import type { Checklist, Duty, RecordInspection } from "../phone/types";
import { answersOf, findings, fits, linesOf, type Line } from "./answers";

export interface Inspecting {
  duty: ComputedRef<Duty | null>;
  /** Whether it is known what is due and by which checklists. */
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
  const { opened, rows } = usePhone();
  const doing = useDoing();
  const { duty, known } = useDuty(({ target, evidence }) => target?.record_id === record() && evidence.includes("inspection"));
  const asked = shallowRef<readonly Checklist[] | null>(null);
  const code = ref("");
  const lines = ref<Line[]>([]);
  const note = ref("");

  if (opened.value === null) {
    unwrap(api.GET("/api/checklists")).then(
      (answer) => (asked.value = answer),
      () => (asked.value = []),
    );
  }
  const all = computed(() => (opened.value === null ? (asked.value ?? []) : rows.value.all("checklist")));
  const checklists = computed(() => all.value.filter((list) => fits(list, duty.value?.target?.premises_kind ?? "other")));
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
          place: duty.value?.target?.label ?? "",
          written: wordsOf(...found.map((line) => line.note), note.value),
        },
      },
      (header) => unwrap(api.POST("/api/inspections", { params: { header }, body })),
    );
    if (isDone) kept.drop();
    return isDone;
  }

  return { duty, known: computed(() => known.value && (opened.value !== null || asked.value !== null)), checklists, code, lines, note, doing, save };
}
