/** What is known of a matter while it is being said: where it would go and why, what may be the same, what is open around it. */
import { ref, shallowRef, watch, type ComputedRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { toProblem, type ProblemError } from "@shared/api/problem";
import type { Routing } from "@shared/api/types";
import type { AroundCall } from "../types";
import type { Call } from "./useCalls";

/** Somebody is speaking: asked when they draw breath. */
const SETTLE_MS = 350;

export function useAround(call: ComputedRef<Call>) {
  const routing = shallowRef<Routing | null>(null);
  const around = shallowRef<AroundCall | null>(null);
  const failure = shallowRef<ProblemError | null>(null);
  const busy = ref(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let turn = 0;

  function asked() {
    const { text, category, where, address } = call.value;
    return {
      text,
      ...(category !== "" && { category }),
      ...(where !== null && { area_code: where.area.code }),
      ...(where?.place && { place: where.place }),
      ...(where?.point && { point: where.point }),
      ...(where !== null && address.trim() !== "" && { address: address.trim() }),
    };
  }

  async function look(): Promise<void> {
    const mine = ++turn;
    const { text, where, category } = call.value;
    if (text.trim().length < 2 && where === null && category === "") {
      routing.value = null;
      around.value = null;
      failure.value = null;
      return;
    }
    busy.value = true;
    const body = asked();
    // A suggestion that does not come must not stop the clerk; that it did not come is said.
    const [gone, near] = await Promise.allSettled([
      unwrap(api.POST("/api/routing", { body })),
      where === null ? Promise.resolve(null) : unwrap(api.POST("/api/calls/around", { body })),
    ]);
    if (mine !== turn) return;
    busy.value = false;
    routing.value = gone.status === "fulfilled" ? gone.value : null;
    around.value = near.status === "fulfilled" ? near.value : null;
    const refused = [gone, near].find((one) => one.status === "rejected");
    failure.value = refused === undefined ? null : toProblem(refused.reason);
  }

  watch(
    () => [call.value.key, call.value.text, call.value.category, call.value.where?.code, call.value.address],
    () => {
      clearTimeout(timer);
      timer = setTimeout(() => void look(), SETTLE_MS);
    },
    { immediate: true },
  );
  return { routing, around, failure, busy, look };
}
