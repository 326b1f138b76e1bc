import type { CaseView, FieldError, Problem } from "./types";

/** What went wrong with a request, whether the server said so (RFC 9457) or it was never reached. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.title);
    this.name = "ProblemError";
    this.problem = problem;
  }

  get code(): string {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }

  get fields(): FieldError[] {
    return this.problem.errors ?? [];
  }

  /** The case as it now stands, sent along with a version conflict. */
  get current(): CaseView | undefined {
    return this.problem.current ?? undefined;
  }
}

/** Codes that the browser side itself gives; their texts are in the shared messages under `problem`. */
export const UNREACHABLE = "unreachable";
export const UNREADABLE = "unreadable_answer";

function hasText(value: unknown, key: string): boolean {
  return typeof value === "object" && value !== null && key in value;
}

function isProblem(value: unknown): value is Problem {
  return hasText(value, "title") && hasText(value, "code");
}

/** Turns an error body of any shape into a `Problem`; a proxy's HTML page becomes a plain one. */
export function problemFrom(body: unknown, status: number): Problem {
  if (isProblem(body)) return { ...body, status };
  return { type: "about:blank", title: "", status, code: UNREADABLE };
}

export function unreachable(): ProblemError {
  return new ProblemError({ type: "about:blank", title: "", status: 0, code: UNREACHABLE });
}

export function toProblem(cause: unknown): ProblemError {
  return cause instanceof ProblemError ? cause : unreachable();
}

/** Whether trying the same command again (with the same key) may help. */
export function mayRetry(error: ProblemError): boolean {
  return error.status === 0 || error.status === 429 || error.status >= 500;
}
