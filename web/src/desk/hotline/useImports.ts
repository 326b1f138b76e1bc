/** Imports of work orders: the one that is open, and how far it is. */
import { onScopeDispose, ref, shallowRef } from "vue";
import { api, unwrap } from "@shared/api/client";
import { ProblemError, problemFrom, toProblem, unreachable } from "@shared/api/problem";
import { currentLocale } from "@shared/i18n/locale";
import type { components } from "@shared/api/schema";

type Shapes = components["schemas"];
export type HotlineImport = Shapes["HotlineImport"];
export type HotlineColumn = Shapes["HotlineColumn"];
export type Hotlines = Shapes["Hotlines"];
export type Rehearsal = Shapes["Rehearsal"];
export type RowFault = Shapes["HotlineRowFault"];

const ASK_EVERY_MS = 1_000;
/** How long a downloaded file is held for the browser. */
const KEPT_MS = 60_000;

/** Sends a file as it is; it may be large, so it goes as a stream of bytes and not inside JSON. */
export async function upload(file: File, partner: string): Promise<HotlineImport> {
  const query = new URLSearchParams({ partner, file_name: file.name });
  let response: Response;
  try {
    response = await fetch(`/api/hotline/imports?${query.toString()}`, {
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
  return body as HotlineImport;
}

/** Asks for a sheet and gives it to the browser to keep. */
export async function download(wish: Shapes["ExportOrders"], name: string): Promise<void> {
  let response: Response;
  try {
    response = await fetch("/api/hotline/exports", {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "Accept-Language": currentLocale() },
      body: JSON.stringify(wish),
    });
  } catch {
    throw unreachable();
  }
  if (!response.ok) throw new ProblemError(problemFrom(await response.json().catch(() => null), response.status));
  const url = URL.createObjectURL(await response.blob());
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  // The browser reads it after the click: taken away at once, it would have nothing to keep.
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}

export function useImports() {
  const hotlines = shallowRef<Hotlines | null>(null);
  const earlier = shallowRef<readonly HotlineImport[]>([]);
  const current = shallowRef<HotlineImport | null>(null);
  const rehearsal = shallowRef<Rehearsal | null>(null);
  const faults = shallowRef<readonly RowFault[]>([]);
  const nextFaults = ref<string | null>(null);
  const failure = shallowRef<ProblemError | null>(null);
  const busy = ref(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  onScopeDispose(() => clearTimeout(timer));

  /** Runs one step; what goes wrong is shown in one place. */
  async function step(run: () => Promise<void>): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    failure.value = null;
    try {
      await run();
    } catch (error) {
      failure.value = toProblem(error);
    } finally {
      busy.value = false;
    }
  }

  const at = (id: string) => ({ params: { path: { id } } });

  async function loadFaults(more: boolean): Promise<void> {
    if (current.value === null) return;
    const query = more && nextFaults.value !== null ? { after: nextFaults.value } : {};
    const page = await unwrap(api.GET("/api/hotline/imports/{id}/faults", { params: { path: { id: current.value.id }, query } }));
    faults.value = more ? [...faults.value, ...page.items] : page.items;
    nextFaults.value = page.next ?? null;
  }

  async function loadEarlier(): Promise<void> {
    earlier.value = (await unwrap(api.GET("/api/hotline/imports"))).items;
  }

  /** Asks again until the import has ended. */
  async function watch(): Promise<void> {
    clearTimeout(timer);
    const id = current.value?.id;
    if (id === undefined) return;
    // A question that is not answered is asked again: the import goes on without us.
    const now = await unwrap(api.GET("/api/hotline/imports/{id}", at(id))).catch(() => current.value);
    if (now === null || current.value?.id !== id) return;
    current.value = now;
    if (now.state === "running") {
      timer = setTimeout(() => void watch(), ASK_EVERY_MS);
    } else if (now.state !== "uploaded") {
      await Promise.all([loadFaults(false), loadEarlier()]).catch(() => undefined);
    }
  }

  function open(one: HotlineImport | null): void {
    current.value = one;
    rehearsal.value = null;
    faults.value = [];
    nextFaults.value = null;
    void watch();
  }

  return {
    hotlines,
    earlier,
    current,
    rehearsal,
    faults,
    nextFaults,
    failure,
    busy,
    open,
    load: () =>
      step(async () => {
        hotlines.value = await unwrap(api.GET("/api/hotline/partners"));
        await loadEarlier();
      }),
    bring: (file: File, partner: string) => step(async () => open(await upload(file, partner))),
    choose: (body: Shapes["ChooseColumns"]) =>
      step(async () => {
        if (current.value === null) return;
        current.value = await unwrap(api.PUT("/api/hotline/imports/{id}/columns", { ...at(current.value.id), body }));
        rehearsal.value = null;
      }),
    rehearse: () =>
      step(async () => {
        if (current.value === null) return;
        rehearsal.value = await unwrap(api.POST("/api/hotline/imports/{id}/rehearsal", at(current.value.id)));
      }),
    start: () =>
      step(async () => {
        if (current.value === null) return;
        current.value = await unwrap(api.POST("/api/hotline/imports/{id}/start", at(current.value.id)));
        await watch();
      }),
    cancel: () =>
      step(async () => {
        if (current.value === null) return;
        current.value = await unwrap(api.POST("/api/hotline/imports/{id}/cancel", at(current.value.id)));
        await watch();
      }),
    map: (theirs: string, ours: string) =>
      step(async () => {
        if (current.value === null) return;
        const body = { partner: current.value.partner, categories: [{ theirs, ours }] };
        await unwrap(api.PUT("/api/hotline/categories", { body }));
        rehearsal.value = await unwrap(api.POST("/api/hotline/imports/{id}/rehearsal", at(current.value.id)));
      }),
    moreFaults: () => step(() => loadFaults(true)),
  };
}
