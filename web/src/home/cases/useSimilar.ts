import { api, unwrap } from "@shared/api/client";
import type { SimilarMatter } from "@shared/api/types";
import { askedOf, useReportDraft } from "./draft";

/** Nobody waits longer than this for a suggestion: the report goes on without it. */
const PATIENCE_MS = 4_000;

let last: { asked: string; answer: Promise<readonly SimilarMatter[]> } | null = null;

async function ask(asked: NonNullable<ReturnType<typeof askedOf>>): Promise<readonly SimilarMatter[]> {
  return (await unwrap(api.POST("/api/similar", { body: asked }))).items;
}

/**
 * Known matters that may be the same as the one being written: asked once for the same text and place. None is also the answer
 * when it cannot be known in time; a suggestion never stands in the way of a report.
 */
export function useSimilar(): { look: () => Promise<readonly SimilarMatter[]>; asked: () => string } {
  const { draft } = useReportDraft();

  const asked = (): string => JSON.stringify(askedOf(draft));

  function look(): Promise<readonly SimilarMatter[]> {
    const body = askedOf(draft);
    if (body === null) return Promise.resolve([]);
    const key = asked();
    if (last?.asked !== key) {
      const answer = ask(body).catch(() => {
        last = null;
        return [];
      });
      last = { asked: key, answer };
    }
    const tooLong = new Promise<readonly SimilarMatter[]>((resolve) => setTimeout(() => resolve([]), PATIENCE_MS));
    return Promise.race([last.answer, tooLong]);
  }
  return { look, asked };
}
