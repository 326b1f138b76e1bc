import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FIRST_PAUSE_MS, LONGEST_PAUSE_MS } from "./backoff";
import { Clockwork } from "./clockwork";

let page: EventTarget & { visibilityState: string };
let browser: EventTarget;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  browser = new EventTarget();
  vi.stubGlobal("document", page);
  vi.stubGlobal("window", browser);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

it("meets the server at the start and then every few minutes, whatever the browser says of the network", async () => {
  const round = vi.fn(() => Promise.resolve("done" as const));
  const clock = new Clockwork(round);
  clock.start();
  await settle();
  expect(round).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(LONGEST_PAUSE_MS);
  expect(round).toHaveBeenCalledTimes(2);
  clock.stop();
});

it("waits longer after each failure, and not at all when the network is said to be back", async () => {
  const round = vi.fn(() => Promise.resolve("again" as const));
  const clock = new Clockwork(round);
  clock.start();
  await settle();
  await vi.advanceTimersByTimeAsync(FIRST_PAUSE_MS - 1);
  expect(round).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(round).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(2 * FIRST_PAUSE_MS - 1);
  expect(round).toHaveBeenCalledTimes(2);
  browser.dispatchEvent(new Event("online"));
  await settle();
  expect(round).toHaveBeenCalledTimes(3);
  clock.stop();
});

it("goes round once more for what was done meanwhile, and never twice at a time", async () => {
  let end = (_: "done"): void => undefined;
  const round = vi.fn(() => new Promise<"done">((resolve) => (end = resolve)));
  const clock = new Clockwork(round);
  clock.start();
  clock.now();
  clock.now();
  expect(round).toHaveBeenCalledTimes(1);
  end("done");
  await settle();
  expect(round).toHaveBeenCalledTimes(2);
  end("done");
  await settle();
  expect(round).toHaveBeenCalledTimes(2);
  clock.stop();
});

it("does nothing for a page that is hidden, and nothing after it was stopped", async () => {
  const round = vi.fn(() => Promise.resolve("done" as const));
  const clock = new Clockwork(round);
  clock.start();
  await settle();
  page.visibilityState = "hidden";
  page.dispatchEvent(new Event("visibilitychange"));
  await settle();
  expect(round).toHaveBeenCalledTimes(1);
  clock.stop();
  page.visibilityState = "visible";
  page.dispatchEvent(new Event("visibilitychange"));
  await vi.advanceTimersByTimeAsync(2 * LONGEST_PAUSE_MS);
  expect(round).toHaveBeenCalledTimes(1);
});
