/** What the phone asks the server. Each request has an end: a network that swallows answers must not hold everything up. */
import { api, unwrap } from "@shared/api/client";
import { ProblemError, problemFrom, unreachable } from "@shared/api/problem";
import type { Me } from "@shared/api/types";
import { bytesOfBase64 } from "./crypto";
import { LONGEST_LEASE_MS, newLease, type Lease } from "./lease";
import type { Colleague, Command, Device, Page } from "./types";
import type { components } from "@shared/api/schema";

const PATIENCE_MS = 30_000;
const PHOTO_PATIENCE_MS = 120_000;
/** So long a start waits for who is signed in before it opens what lies on the phone. */
const START_PATIENCE_MS = 800;

export type PushResults = components["schemas"]["PushResults"];

const inTime = (ms: number = PATIENCE_MS): { signal: AbortSignal } => ({ signal: AbortSignal.timeout(ms) });

/** @throws ProblemError */
async function asked<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (cause) {
    throw cause instanceof ProblemError ? cause : unreachable();
  }
}

/** @throws ProblemError */
export const whoAmI = (patienceMs: number = START_PATIENCE_MS): Promise<Me> => asked(unwrap(api.GET("/api/session", inTime(patienceMs))));

/** @throws ProblemError */
export const enrol = (name: string): Promise<Device> => asked(unwrap(api.POST("/api/sync/devices", { body: { name }, ...inTime() })));

/** @throws ProblemError */
export const devices = async (): Promise<Device[]> => (await asked(unwrap(api.GET("/api/sync/devices", inTime())))).items;

/** @throws ProblemError */
export async function revoke(id: string): Promise<void> {
  await asked(unwrap(api.POST("/api/sync/devices/{id}/revoke", { params: { path: { id } }, ...inTime() })));
}

/** Whether this phone was taken away: its session ended with it. `false` where the server does not say so. */
export async function isRevoked(device: string): Promise<boolean> {
  const answer = await api.GET("/api/sync/devices/{id}/state", { params: { path: { id: device } }, ...inTime() }).catch(() => null);
  return answer?.response.status === 410;
}

/**
 * Borrows the server's share of the key.
 *
 * @throws ProblemError
 */
export async function borrow(device: string, now: () => number): Promise<Lease> {
  const answer = await api.POST("/api/sync/unlock", { body: { device_id: device }, ...inTime() }).catch(() => {
    throw unreachable();
  });
  if (answer.data === undefined) throw new ProblemError(problemFrom(answer.error, answer.response.status));
  // How long, by the server's own clock: the phone's may be wrong by days.
  const serverNow = Date.parse(answer.response.headers.get("date") ?? "");
  const lentMs = Number.isNaN(serverNow) ? LONGEST_LEASE_MS : Date.parse(answer.data.lease_until) - serverNow;
  return newLease(bytesOfBase64(answer.data.share), lentMs, now());
}

/** @throws ProblemError */
export const push = (commands: readonly Command[]): Promise<PushResults> =>
  asked(unwrap(api.POST("/api/sync/push", { body: { commands: commands.map((command) => ({ ...command })) }, ...inTime() })));

/** @throws ProblemError */
export const pull = (device: string, cursor: string | null): Promise<Page> =>
  asked(unwrap(api.GET("/api/sync/pull", { params: { query: { device, ...(cursor === null ? {} : { cursor }) } }, ...inTime() })));

/** @throws ProblemError */
export const colleagues = (): Promise<Colleague[]> => asked(unwrap(api.GET("/api/duties/colleagues", inTime())));

/** A part of a photo: on a slow network it goes through within the time that it has. Unit: bytes. */
const PART_BYTES = 96 * 1024;
/** So many answers in a row that got no further. */
const MOST_STALLS = 3;

type Received = components["schemas"]["PhotoReceived"];

/** @throws ProblemError */
async function askPart(sha: string, query: string, request: RequestInit): Promise<Received> {
  const url = `/api/attachments/parts/${sha}${query}`;
  const response = await fetch(url, { credentials: "same-origin", ...request, ...inTime(PHOTO_PATIENCE_MS) }).catch(() => {
    throw unreachable();
  });
  if (!response.ok) throw new ProblemError(problemFrom(await response.json().catch(() => null), response.status));
  return (await response.json().catch(() => {
    throw unreachable();
  })) as Received;
}

/**
 * Sends a photo as it is, part by part, under the digest by which its record names it. What has come stays at the server: `isBegun` asks
 * first how far it came. In how many records it stands then.
 *
 * @throws ProblemError
 */
export async function sendPhotoBytes(bytes: ArrayBuffer, sha: string, isBegun: boolean): Promise<number> {
  const before = isBegun ? await askPart(sha, "", {}) : null;
  if (before?.is_whole) return before.n_placed;
  let at = before?.received ?? 0;
  for (let stalls = 0; stalls < MOST_STALLS; ) {
    const body = bytes.slice(at, at + PART_BYTES);
    const headers = { "Content-Type": "application/octet-stream" };
    const { received, is_whole, n_placed } = await askPart(sha, `?at=${at}&size=${bytes.byteLength}`, { method: "PUT", headers, body });
    if (is_whole) return n_placed;
    stalls = received > at ? 0 : stalls + 1;
    at = received;
  }
  throw unreachable();
}
