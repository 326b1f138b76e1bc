/** Filters that a clerk keeps under a name, on this device only. */
import { ref } from "vue";
import { recallJson, rememberJson } from "@shared/lib/storage";
import { readCaseQuery, writeCaseQuery, type CaseQuery } from "./query";

export interface SavedView {
  name: string;
  query: CaseQuery;
}

const KEY = "linli.desk.views";
/** More than this is a list to search, not to pick from. */
const MOST = 12;

function isStored(value: unknown): value is { name: string; query: Record<string, string> }[] {
  return Array.isArray(value) && value.every((one: unknown) => typeof one === "object" && one !== null && "name" in one && "query" in one);
}

function stored(): SavedView[] {
  // Read through the address form: what an older version kept and is unknown now is dropped.
  return (recallJson(KEY, isStored) ?? []).map(({ name, query }) => ({ name, query: readCaseQuery(query) }));
}

const views = ref<SavedView[]>(stored());

function keep(next: SavedView[]): void {
  views.value = next.slice(0, MOST);
  rememberJson(KEY, views.value.map(({ name, query }) => ({ name, query: writeCaseQuery(query) })));
}

export function useSavedViews() {
  return {
    views,
    save: (name: string, query: CaseQuery) => keep([{ name, query: { ...query } }, ...views.value.filter((view) => view.name !== name)]),
    remove: (name: string) => keep(views.value.filter((view) => view.name !== name)),
  };
}
