import { expect, it } from "vitest";
import { shallowRef, nextTick } from "vue";
import type { CaseRow } from "@shared/api/types";
import { useSelection } from "./useSelection";

const rows = (...ids: string[]): CaseRow[] => ids.map((id) => ({ id }) as CaseRow);

it("picks one by one, and everything between two", () => {
  const list = shallowRef<readonly CaseRow[]>(rows("a", "b", "c", "d", "e"));
  const picked = useSelection(list);
  picked.toggle("b");
  picked.extendTo("d");
  expect([...picked.ids.value]).toEqual(["b", "c", "d"]);
  picked.toggle("c");
  expect(picked.rows.value.map((row) => row.id)).toEqual(["b", "d"]);
  // Upwards from the one that was touched last.
  picked.extendTo("a");
  expect([...picked.ids.value].sort()).toEqual(["a", "b", "c", "d"]);
});

it("forgets what left the list and keeps what failed", async () => {
  const list = shallowRef<readonly CaseRow[]>(rows("a", "b", "c"));
  const picked = useSelection(list);
  picked.all();
  picked.remove(["a"]);
  list.value = rows("b", "d");
  await nextTick();
  expect([...picked.ids.value]).toEqual(["b"]);
  picked.clear();
  expect(picked.rows.value).toEqual([]);
});

it("takes no more than one request may name", () => {
  const ids = Array.from({ length: 250 }, (_, n) => `case-${n}`);
  const picked = useSelection(shallowRef<readonly CaseRow[]>(rows(...ids)));
  picked.all();
  expect([picked.ids.value.size, picked.isFull.value]).toEqual([200, true]);
});
