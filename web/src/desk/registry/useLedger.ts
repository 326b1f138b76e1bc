/** The import of one ledger: brought, looked at, previewed, started, watched, taken back. */
import { computed, onScopeDispose, ref, shallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { ProblemError, problemFrom, toProblem, unreachable } from "@shared/api/problem";
import { currentLocale } from "@shared/i18n/locale";
import type { LedgerColumn, LedgerFault, LedgerImport, LedgerPreview } from "./types";

const ASK_EVERY_MS = 1_000;

/** Sends a file as it is: a stream of bytes, and the headers that are to be left out. */
async function upload(file: File, kind: string, area: string, leaveOut: readonly string[]): Promise<LedgerImport> {
  const query = new URLSearchParams({ kind, area, file_name: file.name, leave_out: leaveOut.join("\n") });
  let response: Response;
  try {
    response = await fetch(`/api/registry/imports?${query.toString()}`, {
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
  return body as LedgerImport;
}

export function useLedger() {
  const current = shallowRef<LedgerImport | null>(null);
  const earlier = shallowRef<readonly LedgerImport[]>([]);
  const preview = shallowRef<LedgerPreview | null>(null);
  const faults = shallowRef<readonly LedgerFault[]>([]);
  const failure = shallowRef<ProblemError | null>(null);
  const busy = ref(false);
  /** The file whose columns were refused: it is sent again when its bringer says to leave them out. */
  const held = shallowRef<{ file: File; kind: string; area: string } | null>(null);
  const refused = computed(() => (failure.value?.problem.errors ?? []).filter(({ code }) => code.startsWith("refused_")));
  let timer: ReturnType<typeof setTimeout> | undefined;
  onScopeDispose(() => clearTimeout(timer));

  async function step(act: () => Promise<void>): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    failure.value = null;
    try {
      await act();
    } catch (error) {
      failure.value = toProblem(error);
    } finally {
      busy.value = false;
    }
  }
  const at = (id: string) => ({ params: { path: { id } } });

  /** Asks again until the import has come to rest. */
  async function watch(): Promise<void> {
    clearTimeout(timer);
    const id = current.value?.id;
    if (id === undefined) return;
    // A question that is not answered is asked again: the import goes on without us.
    const now = await unwrap(api.GET("/api/registry/imports/{id}", at(id))).catch(() => current.value);
    if (now === null || current.value?.id !== id) return;
    current.value = now;
    if (now.state === "running" || now.state === "undoing") timer = setTimeout(() => void watch(), ASK_EVERY_MS);
    else if (now.state !== "uploaded") {
      faults.value = (await unwrap(api.GET("/api/registry/imports/{id}/faults", { params: { path: { id }, query: {} } })).catch(() => ({ items: [] }))).items;
    }
  }
  function open(one: LedgerImport): void {
    current.value = one;
    preview.value = null;
    faults.value = [];
    void watch();
  }
  const go = (act: (id: string) => Promise<LedgerImport>) =>
    step(async () => {
      if (current.value === null) return;
      current.value = await act(current.value.id);
      await watch();
    });
  const bring = (file: File, kind: string, area: string, leaveOut: readonly string[]) =>
    step(async () => {
      held.value = { file, kind, area };
      open(await upload(file, kind, area, leaveOut));
      held.value = null;
    });

  return {
    current,
    earlier,
    preview,
    faults,
    failure,
    refused,
    busy,
    open,
    bring,
    /** Sends the held file again without the columns that were refused. */
    leaveOut: async () => {
      const one = held.value;
      if (one !== null) await bring(one.file, one.kind, one.area, refused.value.map(({ field }) => field));
    },
    load: () => step(async () => void (earlier.value = (await unwrap(api.GET("/api/registry/imports"))).items)),
    choose: (columns: { header: string; column: LedgerColumn | null }[]) =>
      step(async () => {
        if (current.value === null) return;
        current.value = await unwrap(api.PUT("/api/registry/imports/{id}/columns", { ...at(current.value.id), body: { columns } }));
        preview.value = null;
      }),
    look: () =>
      step(async () => {
        if (current.value !== null) preview.value = await unwrap(api.POST("/api/registry/imports/{id}/preview", at(current.value.id)));
      }),
    start: () => go((id) => unwrap(api.POST("/api/registry/imports/{id}/start", at(id)))),
    cancel: () => go((id) => unwrap(api.POST("/api/registry/imports/{id}/cancel", at(id)))),
    undo: () => go((id) => unwrap(api.POST("/api/registry/imports/{id}/undo", at(id)))),
  };
}
