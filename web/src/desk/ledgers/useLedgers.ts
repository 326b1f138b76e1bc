/** The ledgers of one's areas: kept, mapped, filled, handed in. */
import { ref, shallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { ProblemError, problemFrom, toProblem, unreachable } from "@shared/api/problem";
import { currentLocale } from "@shared/i18n/locale";
import type { Burden, Ledger, LedgerColumn, Rhythm, Submission, Wish } from "./types";

/** What is said of a workbook when it is uploaded. */
export interface NewLedger {
  file: File;
  area: string;
  name: string;
  asked_by: string;
  rhythm: Rhythm;
  kind: string;
}

async function upload({ file, ...said }: NewLedger): Promise<Ledger> {
  let response: Response;
  try {
    response = await fetch(`/api/ledgers?${new URLSearchParams({ ...said }).toString()}`, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/octet-stream", "Accept-Language": currentLocale() },
      body: file,
    });
  } catch {
    throw unreachable();
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new ProblemError(problemFrom(body, response.status));
  return body as Ledger;
}

export function useLedgers(mayKeep: boolean, mayApprove: boolean) {
  const ledgers = shallowRef<readonly Ledger[] | null>(null);
  const submissions = shallowRef<readonly Submission[]>([]);
  const burden = shallowRef<Burden | null>(null);
  const failure = shallowRef<ProblemError | null>(null);
  const busy = ref(false);

  async function read(): Promise<void> {
    const [kept, sent, figures] = await Promise.all([
      mayKeep ? unwrap(api.GET("/api/ledgers")) : { items: [] },
      mayApprove ? unwrap(api.GET("/api/ledgers/submissions")) : { items: [] },
      mayKeep ? unwrap(api.GET("/api/ledgers/burden", { params: { query: {} } })) : null,
    ]);
    ledgers.value = kept.items;
    submissions.value = sent.items;
    burden.value = figures;
  }
  /** Does something, then reads everything anew; whether it was done. */
  async function step(act: () => Promise<unknown>): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    failure.value = null;
    try {
      await act();
      await read();
      return true;
    } catch (error) {
      failure.value = toProblem(error);
      return false;
    } finally {
      busy.value = false;
    }
  }
  const at = (id: string) => ({ params: { path: { id } } });

  return {
    ledgers,
    submissions,
    burden,
    failure,
    busy,
    load: () => step(() => Promise.resolve()),
    keep: (one: NewLedger) => step(() => upload(one)),
    map: (one: Ledger, columns: { header: string; column: LedgerColumn | null }[]) =>
      step(() => unwrap(api.PUT("/api/ledgers/{id}/columns", { ...at(one.id), body: { columns, version: one.version } }))),
    end: (one: Ledger) => step(() => unwrap(api.POST("/api/ledgers/{id}/end", at(one.id)))),
    byHand: (one: Ledger, rows: number) => step(() => unwrap(api.POST("/api/ledgers/{id}/by-hand", { ...at(one.id), body: { n_rows: rows } }))),
    decide: (one: Submission, agrees: boolean) => step(() => unwrap(api.POST("/api/ledgers/submissions/{id}/decide", { ...at(one.id), body: { agrees } }))),
    take: (one: Submission, name: string) => step(() => take(one, name)),
  };
}

/**
 * Asks for a filled workbook.
 *
 * @throws ProblemError
 */
export const fillLedger = (id: string, body: Wish): Promise<Submission> => unwrap(api.POST("/api/ledgers/{id}/fill", { params: { path: { id } }, body }));

/** Downloads a workbook under the name of its ledger; a refusal is read like any other. */
async function take(one: Submission, name: string): Promise<void> {
  let response: Response;
  try {
    response = await fetch(`/api/ledgers/submissions/${one.id}/file.xlsx`, { credentials: "same-origin", headers: { "Accept-Language": currentLocale() } });
  } catch {
    throw unreachable();
  }
  if (!response.ok) throw new ProblemError(problemFrom(await response.json().catch(() => null), response.status));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = `${name}.xlsx`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
