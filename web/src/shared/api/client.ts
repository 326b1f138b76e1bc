import createClient from "openapi-fetch";
import { currentLocale } from "../i18n/locale";
import { ProblemError, problemFrom, unreachable } from "./problem";
import type { paths } from "./schema";
import type { Attachment } from "./types";

/** The one door to the server. Paths, parameters and answers are typed by the generated schema. */
export const api = createClient<paths>({ credentials: "same-origin" });

api.use({
  onRequest({ request }) {
    request.headers.set("Accept-Language", currentLocale());
    return request;
  },
});

const signedOutListeners = new Set<() => void>();

/** Calls back when the server no longer knows the session; a staff face then shows its sign-in page. */
export function onSignedOut(listener: () => void): void {
  signedOutListeners.add(listener);
}

api.use({
  onResponse({ response, schemaPath }) {
    if (response.status !== 401 || schemaPath.startsWith("/api/session")) return;
    for (const listener of signedOutListeners) listener();
  },
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/**
 * Gives the answer's data or throws a `ProblemError`: one kind of failure for the whole UI.
 * An answer without a body (204) gives `undefined`.
 */
export async function unwrap<T>(request: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await request;
  } catch (cause) {
    // A body that is not JSON is also thrown here; either way nothing usable came back.
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw unreachable();
  }
  if (!answer.response.ok) throw new ProblemError(problemFrom(answer.error, answer.response.status));
  return answer.data as T;
}

/**
 * Sends one photo as a raw body. The same `key` on a retry gives the same attachment again.
 *
 * @throws ProblemError
 */
export async function uploadPhoto(photo: Blob, key: string): Promise<Attachment> {
  let response: Response;
  try {
    response = await fetch("/api/attachments", {
      method: "POST",
      credentials: "same-origin",
      headers: {
        "Content-Type": photo.type,
        "Accept-Language": currentLocale(),
        "Idempotency-Key": key,
      },
      body: photo,
    });
  } catch {
    throw unreachable();
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new ProblemError(problemFrom(body, response.status));
  return body as Attachment;
}
