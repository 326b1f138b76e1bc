/** The copy of the server's rows: sealed on the disk, open in memory while the phone is open. */
import { open, seal, type Sealed } from "./crypto";
import { on } from "./database";
import type { Opened } from "./keys";
import { Rows, type Colleague, type Page, type Row } from "./types";

const about = (kind: string, id: string): string => `row/${kind}/${id}`;

/** How far the copy has read; sealed with the rest, for it says when. */
export interface Position {
  cursor: string | null;
  /** When the server was last read to its end, by its clock. */
  server_time: string | null;
  /** The server's clock minus the phone's, at that moment. Unit: ms. */
  skew_ms: number;
  truncated: boolean;
}

export const NOWHERE: Position = { cursor: null, server_time: null, skew_ms: 0, truncated: false };

/** The server's time by the phone's clock. Set back, that clock shows no time before the last contact. */
export const serverMs = ({ server_time, skew_ms }: Position, nowMs: number): number => Math.max(nowMs + skew_ms, Date.parse(server_time ?? "") || 0);

export async function position(phone: Opened): Promise<Position> {
  const stored = await on(phone.copy, (db) => db.meta.get("position"));
  if (stored === undefined) return NOWHERE;
  return open<Position>(phone.key, "position", stored.value as Sealed);
}

/** Opens every row; one that does not open is left out, and the next full reading brings it again. */
export async function allRows(phone: Opened): Promise<Rows> {
  const rows = new Rows();
  const stored = await on(phone.copy, (db) => db.rows.toArray());
  const opened = await Promise.all(
    stored.map(({ kind, id, sealed }) => open(phone.key, about(kind, id), sealed).then((body): Row => ({ kind, id, body }), () => null)),
  );
  for (const row of opened) if (row !== null) rows.set(row);
  return rows;
}

/**
 * Takes a page in: first what is to go, then what came, then how far that is; all or nothing.
 *
 * @throws PhoneFull
 */
export async function take(phone: Opened, page: Page, now = Date.now()): Promise<Position> {
  const after: Position = {
    cursor: page.next_cursor,
    server_time: page.server_time,
    skew_ms: Date.parse(page.server_time) - now,
    truncated: page.truncated,
  };
  const rows = await Promise.all(
    page.upserts.map(async ({ kind, id, body }) => ({ kind, id, sealed: await seal(phone.key, about(kind, id), body) })),
  );
  const sealed = await seal(phone.key, "position", after);
  await on(phone.copy, (db) =>
    db.transaction("rw", db.rows, db.meta, async () => {
      await db.rows.bulkDelete(page.removals.map(({ kind, id }): [string, string] => [kind, id]));
      await db.rows.bulkPut(rows);
      await db.meta.put({ key: "position", value: sealed });
    }),
  );
  return after;
}

/** The same in memory: another `Rows`, so that whoever watches it sees the change. */
export function applied(before: Rows, page: Page): Rows {
  const rows = before.clone();
  for (const { kind, id } of page.removals) rows.delete(kind, id);
  for (const row of page.upserts) rows.set({ kind: row.kind, id: row.id, body: row.body });
  return rows;
}

/** Takes rows off the phone that the server need not name: what they say may be read no longer. */
export async function erase(phone: Opened, kind: string, ids: readonly string[]): Promise<void> {
  await on(phone.copy, (db) => db.rows.bulkDelete(ids.map((id): [string, string] => [kind, id])));
}

const COLLEAGUES = "colleagues";

/** Who works around here: those who can be put down as having been at a meeting. */
export async function keepColleagues(phone: Opened, colleagues: readonly Colleague[]): Promise<void> {
  const value = await seal(phone.key, COLLEAGUES, colleagues);
  await on(phone.copy, (db) => db.meta.put({ key: COLLEAGUES, value }));
}

export async function colleagues(phone: Opened): Promise<Colleague[]> {
  const stored = await on(phone.copy, (db) => db.meta.get(COLLEAGUES));
  return stored === undefined ? [] : open<Colleague[]>(phone.key, COLLEAGUES, stored.value as Sealed);
}
