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

/**
 * Sends the bytes of a photo as they are: the command names them by their digest.
 *
 * @throws ProblemError
 */
export async function sendPhotoBytes(bytes: ArrayBuffer, key: string): Promise<void> {
  const response = await fetch("/api/attachments", {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "image/jpeg", "Idempotency-Key": key },
    body: bytes,
    ...inTime(PHOTO_PATIENCE_MS),
  }).catch(() => {
    throw unreachable();
  });
  if (!response.ok) throw new ProblemError(problemFrom(await response.json().catch(() => null), response.status));
}
