/** What is held of a person in care: opened with the code from the counter, closed by leaving. The code and what it opens are in no storage. */
import { ref, shallowRef, type Ref, type ShallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { components } from "@shared/api/schema";

export type OwnCare = components["schemas"]["OwnCare"];
export type OwnAct = components["schemas"]["OwnCareAct"];

export function useOwnCare(): {
  own: ShallowRef<OwnCare | null>;
  refusal: ShallowRef<ProblemError | null>;
  /** `closed` asks for the code, `left` says good-bye. */
  stage: Ref<"asking" | "closed" | "open" | "left">;
  busy: Ref<boolean>;
  open: (code: string) => Promise<boolean>;
  act: (body: OwnAct) => Promise<boolean>;
  close: () => Promise<void>;
} {
  const own = shallowRef<OwnCare | null>(null);
  const refusal = shallowRef<ProblemError | null>(null);
  const stage = ref<"asking" | "closed" | "open" | "left">("asking");
  const busy = ref(false);

  async function step(work: () => Promise<void>): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    refusal.value = null;
    try {
      await work();
      return true;
    } catch (error) {
      refusal.value = toProblem(error);
      return false;
    } finally {
      busy.value = false;
    }
  }
  async function load(): Promise<void> {
    own.value = await unwrap(api.GET("/api/public/care"));
    stage.value = "open";
  }
  // A page that was opened a moment ago and is loaded again is still open.
  void load().catch(() => (stage.value = "closed"));

  return {
    own,
    refusal,
    stage,
    busy,
    open: (code) =>
      step(async () => {
        await unwrap(api.POST("/api/public/care/open", { body: { code } }));
        await load();
      }),
    act: (body) =>
      step(async () => {
        const now = await unwrap(api.POST("/api/public/care/acts", { body }));
        own.value = now ?? null;
        if (own.value === null) stage.value = "left";
      }),
    async close() {
      await step(async () => void (await unwrap(api.DELETE("/api/public/care"))));
      own.value = null;
      stage.value = "closed";
    },
  };
}
