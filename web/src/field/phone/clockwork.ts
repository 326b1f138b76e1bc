/**
 * When to meet the server: at the start, when the browser says that there is a network, when the page is seen again, after each
 * command, and every few minutes whatever the browser says. Its word that there is none is not believed: a round finds out.
 */
import { LONGEST_PAUSE_MS, pauseMs } from "./backoff";

export class Clockwork {
  readonly #round: () => Promise<"done" | "again">;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #running = false;
  #wanted = false;
  #started = false;

  constructor(round: () => Promise<"done" | "again">) {
    this.#round = round;
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    window.addEventListener("online", this.#sign);
    document.addEventListener("visibilitychange", this.#sign);
    this.now();
  }

  stop(): void {
    this.#started = false;
    window.removeEventListener("online", this.#sign);
    document.removeEventListener("visibilitychange", this.#sign);
    clearTimeout(this.#timer);
    this.#failures = 0;
  }

  /** Something speaks for trying at once. */
  readonly #sign = (): void => {
    if (document.visibilityState === "hidden") return;
    this.#failures = 0;
    this.now();
  };

  now(): void {
    clearTimeout(this.#timer);
    if (this.#running) this.#wanted = true;
    else void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    let ended: "done" | "again" = "again";
    try {
      do {
        this.#wanted = false;
        ended = await this.#round();
      } while (this.#wanted && this.#started);
    } finally {
      this.#running = false;
      if (this.#started) this.#plan(ended);
    }
  }

  #plan(ended: "done" | "again"): void {
    this.#failures = ended === "done" ? 0 : this.#failures + 1;
    this.#timer = setTimeout(() => this.now(), ended === "done" ? LONGEST_PAUSE_MS : pauseMs(this.#failures));
  }
}
