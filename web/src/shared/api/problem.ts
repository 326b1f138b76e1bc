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

  /** The fields that are wrong, named as in the form: the server says `fields.reply.done` for `reply.done`. */
  get fields(): FieldError[] {
    return (this.problem.errors ?? []).map((error) => ({ ...error, field: error.field.replace(/^fields\./, "") }));
  }

  /** Someone acted in between: the case is no longer what the reader saw. */
  get isConflict(): boolean {
    return this.code === "version_conflict" || this.code === "not_now";
  }

  /** The case as it now stands, sent to staff along with a conflict. */
  get current(): CaseView | undefined {
    const current: unknown = this.problem.current;
    return isCaseView(current) ? current : undefined;
  }
}

/** Codes that the browser side itself gives; their texts are in the shared messages under `problem`. */
export const UNREACHABLE = "unreachable";
export const UNREADABLE = "unreadable_answer";

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isProblem(value: unknown): value is Problem {
  return isObject(value) && "title" in value && "code" in value;
}

function isCaseView(value: unknown): value is CaseView {
  return isObject(value) && "id" in value && "actions" in value && "timeline" in value;
}

function ownProblem(code: string, status: number): Problem {
  return { type: "about:blank", title: "", status, code, detail: "", errors: [] };
}

/** Turns an error body of any shape into a `Problem`; a proxy's HTML page becomes a plain one. */
export function problemFrom(body: unknown, status: number): Problem {
  if (isProblem(body)) return { ...body, status };
  return ownProblem(UNREADABLE, status);
}

export function unreachable(): ProblemError {
  return new ProblemError(ownProblem(UNREACHABLE, 0));
}

export function toProblem(cause: unknown): ProblemError {
  return cause instanceof ProblemError ? cause : unreachable();
}

/** Whether trying the same command again (with the same key) may help. */
export function mayRetry(error: ProblemError): boolean {
  return error.status === 0 || error.status === 429 || error.status >= 500;
}
