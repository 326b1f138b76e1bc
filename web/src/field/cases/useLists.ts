import { shallowRef, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import type { ActionOffer, Category, SeatSuggestion } from "@shared/api/types";
import { usePhone } from "../phone/phone";

/** What the fields of an offer choose from, fetched when such a form opens. */
export function useLists(): {
  seats: ShallowRef<SeatSuggestion[]>;
  categories: ShallowRef<Category[]>;
  prepare: (offer: ActionOffer, caseId: string) => Promise<void>;
} {
  const seats = shallowRef<SeatSuggestion[]>([]);
  const categories = shallowRef<Category[]>([]);
  const { opened, rows } = usePhone();

  async function prepare(offer: ActionOffer, caseId: string): Promise<void> {
    const needs = (kind: string): boolean => offer.form.some((field) => field.kind === kind);
    if (needs("seat") || needs("seats")) {
      seats.value = (await unwrap(api.GET("/api/cases/{id}/seats", { params: { path: { id: caseId } } }))).items;
    }
    if (!needs("category") || categories.value.length > 0) return;
    if (opened.value !== null) categories.value = rows.value.get("playbook", "current")?.categories ?? [];
    else {
      categories.value = (await unwrap(api.GET("/api/categories"))).items;
    }
  }
  return { seats, categories, prepare };
}
