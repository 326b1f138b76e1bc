/** The work order as a file for a word processor: fetched here, so that a refusal is a sentence and not a broken download. */
import { api } from "@shared/api/client";
import { ProblemError, problemFrom, unreachable } from "@shared/api/problem";

const NAME = /filename="([^"]+)"/;

/**
 * With a purpose the file holds the reporter's name and number, and the look is written down.
 *
 * @throws ProblemError
 */
export async function saveWorkOrder(id: string, purpose: string | null): Promise<void> {
  const params = { path: { id } };
  const asked =
    purpose === null
      ? api.GET("/api/cases/{id}/work-order.docx", { params, parseAs: "blob" })
      : api.POST("/api/cases/{id}/work-order.docx", { params, body: { purpose }, parseAs: "blob" });
  const answer = await asked.catch(() => {
    throw unreachable();
  });
  if (!answer.response.ok) throw new ProblemError(problemFrom(answer.error, answer.response.status));
  const name = NAME.exec(answer.response.headers.get("Content-Disposition") ?? "")?.[1] ?? "work-order.docx";
  save(answer.data as unknown as Blob, name);
}

function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it by the next turn.
  setTimeout(() => URL.revokeObjectURL(url));
}
