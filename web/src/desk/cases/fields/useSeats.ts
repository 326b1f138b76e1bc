/** The seats that a case, or all of several cases, could go to or call: suggested ones first and forbidden ones last. */
import { shallowRef, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { SeatSuggestion } from "@shared/api/types";

export function useSeats(ids: readonly string[]): {
  seats: ShallowRef<readonly SeatSuggestion[] | null>;
  failure: ShallowRef<ProblemError | null>;
  load: () => Promise<void>;
} {
  const seats = shallowRef<readonly SeatSuggestion[] | null>(null);
  const failure = shallowRef<ProblemError | null>(null);

  async function load(): Promise<void> {
    failure.value = null;
    try {
      const [id = ""] = ids;
      const { items } =
        ids.length === 1
          ? await unwrap(api.GET("/api/cases/{id}/seats", { params: { path: { id } } }))
          : await unwrap(api.POST("/api/cases/bulk/seats", { body: { ids: [...ids] } }));
      const rank = (seat: SeatSuggestion): number => (seat.blocked ? 2 : seat.suggested ? 0 : 1);
      seats.value = [...items].sort((a, b) => rank(a) - rank(b));
    } catch (error) {
      failure.value = toProblem(error);
    }
  }
  return { seats, failure, load };
}
