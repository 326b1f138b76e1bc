/**
 * The calls of this tab: the one on the line, and those that were broken off. In memory only, because they hold what somebody
 * said and their number; another person who signs in finds none of them.
 */
import { computed, reactive } from "vue";
import { newKey } from "@shared/api/intention";
import type { Weight } from "@shared/api/types";
import type { AddressChoice, AlikeCase } from "../types";

export const CHANNELS = ["phone", "hotline", "counter", "visit"] as const;
export type CallChannel = (typeof CHANNELS)[number];

export interface Call {
  key: string;
  phone: string;
  name: string;
  text: string;
  category: string;
  where: AddressChoice | null;
  address: string;
  weight: Weight | "";
  channel: CallChannel;
  isPrivate: boolean;
  /** The case that the caller's matter belongs to, by their own word. */
  same: AlikeCase | null;
}

/** More than this is no longer in anybody's head. */
const MOST_PARKED = 8;

const state = reactive<{ owner: string; call: Call | null; parked: Call[] }>({ owner: "", call: null, parked: [] });

const fresh = (channel: CallChannel): Call => ({
  key: newKey(),
  phone: "",
  name: "",
  text: "",
  category: "",
  where: null,
  address: "",
  weight: "",
  channel,
  isPrivate: false,
  same: null,
});

/** Whether anything was said that must not be lost. */
const holds = (call: Call): boolean => [call.phone, call.name, call.text, call.address].some((words) => words.trim() !== "") || call.where !== null;

export function forgetCalls(): void {
  state.call = null;
  state.parked = [];
}

/** What waits in this tab and would be lost with it. */
export const hasUnfinishedCalls = (): boolean => (state.call !== null && holds(state.call)) || state.parked.length > 0;

export function useCalls(owner: string, usual: CallChannel) {
  if (state.owner !== owner) forgetCalls();
  state.owner = owner;
  state.call ??= fresh(usual);

  const call = computed<Call>(() => (state.call ??= fresh(usual)));

  /** The next caller. A call that was not finished waits. */
  function next(): void {
    const before = call.value;
    if (holds(before)) state.parked = [before, ...state.parked].slice(0, MOST_PARKED);
    state.call = fresh(before.channel);
  }

  /** The call is done with: nothing of it is kept. */
  function finish(): void {
    state.call = fresh(call.value.channel);
  }

  function resume(key: string): void {
    const found = state.parked.find((one) => one.key === key);
    if (found === undefined) return;
    const before = call.value;
    const others = state.parked.filter((one) => one.key !== key);
    state.parked = holds(before) ? [before, ...others] : others;
    state.call = found;
  }

  function drop(key: string): void {
    state.parked = state.parked.filter((one) => one.key !== key);
  }

  return { call, parked: computed<readonly Call[]>(() => state.parked), next, finish, resume, drop };
}
