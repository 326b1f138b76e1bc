import { computed, ref, shallowRef } from "vue";
import { useI18n } from "vue-i18n";
import type { ProblemError } from "@shared/api/problem";
import type { CaseRow } from "@shared/api/types";
import { useNow } from "@shared/lib/useTime";
import { serverMs } from "../phone/copy";
import { isMine } from "../phone/due";
import { dueStateNow, type CaseItem } from "../phone/merge";
import { syncNow, usePhone } from "../phone/phone";
import type { Box, CaseList } from "./useCaseList";

/** What a button of the list narrows it to. */
const BOXES: readonly { key: string; holds: (item: CaseItem) => boolean }[] = [
  { key: "all_open", holds: () => true },
  { key: "mine", holds: isMine },
  { key: "late", holds: ({ row }) => row.due_state === "late" },
  { key: "sent", holds: ({ body, pending }) => body === null || pending.length > 0 },
];
const PAGE = 50;

/** The cases on the phone by box and words. */
export function usePhoneCaseList(): CaseList {
  const { t } = useI18n();
  const { view, position } = usePhone();
  const now = useNow();
  const box = ref("all_open");
  const q = ref("");
  const shown = ref(PAGE);

  const items = computed(() => {
    const serverNow = serverMs(position.value, now.value.getTime());
    const all = [...view.value.cases.values()].map((item) => ({ ...item, row: { ...item.row, due_state: dueStateNow(item.row, serverNow) } }));
    return all.sort((a, b) => b.row.reported_at.localeCompare(a.row.reported_at));
  });
  const boxes = computed((): Box[] =>
    BOXES.map(({ key, holds }) => {
      const held = items.value.filter(holds);
      const n_late = held.filter(({ row }) => row.due_state === "late").length;
      return { key, name: t(`field.cases.box.${key}`), n: held.length, n_late, n_soon: 0 };
    }).filter(({ key, n }) => key === "all_open" || n > 0),
  );
  /** Words are looked for in everything on the phone, whatever the box. */
  const found = computed(() => {
    const words = q.value.trim();
    if (words !== "") return items.value.filter(({ row, body }) => [row.text, body?.full_text, body?.place_text, row.paper_no, row.code].some((text) => text?.includes(words)));
    const holds = BOXES.find(({ key }) => key === box.value)?.holds ?? (() => true);
    return items.value.filter(holds);
  });
  const rows = computed(() => found.value.slice(0, shown.value).map(({ row }) => row));
  const next = computed(() => (found.value.length > shown.value ? "more" : null));
  const more = (): Promise<void> => {
    shown.value += PAGE;
    return Promise.resolve();
  };
  const nPending = (row: CaseRow): number => view.value.cases.get(row.id)?.pending.length ?? 0;
  return { boxes, box, q, rows, next, busy: ref(false), problem: shallowRef<ProblemError | null>(null), load: () => Promise.resolve(syncNow()), more, nPending };
}
