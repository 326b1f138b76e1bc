/** Enrolling this phone, opening it with the PIN, and what happens after a wrong one. */
import { ProblemError } from "@shared/api/problem";
import { recallJson, rememberJson } from "@shared/lib/storage";
import type { Me } from "@shared/api/types";
import { makeKey, open, openKey, PIN_ROUNDS, rewrapKey, seal } from "./crypto";
import { CopyDb, end, on, OutboxDb, wipe } from "./database";
import { takeMark } from "./mark";
import { endsAt, isRunning, seenAt, type Lease } from "./lease";
import { endLeft, leave } from "../leaving";
import * as server from "./server";

/** After so many wrong PINs in a row the server's share is dropped: a thief must go through the server to try more. */
export const MOST_WRONG_PINS = 5;
export const PIN_LENGTH = 6;

export const isPin = (text: string): boolean => /^\d{6}$/.test(text);

/** An opened phone of one account. */
export interface Opened {
  account: string;
  device: string;
  login: string;
  key: CryptoKey;
  outbox: OutboxDb;
  copy: CopyDb;
  me: Me;
}

/** Why a phone does not open. */
export type Locked =
  | { why: "wrong_pin"; left: number }
  /** The lease is over and the server cannot be reached. */
  | { why: "offline" }
  /** The lease is over and nobody is signed in who could ask for another. */
  | { why: "signed_out" }
  /** It was taken away; everything of the account is gone from it now. */
  | { why: "revoked" };

export type Unlocked = { opened: Opened } | { locked: Locked };

const now = (): number => Date.now();

/** Makes this browser a phone of whoever is signed in. An earlier phone of theirs on it must be wiped before. */
export async function enrolPhone(me: Me, name: string, pin: string, rounds = PIN_ROUNDS): Promise<Opened> {
  // Asked for first: a browser that keeps nothing must not leave a phone at the server.
  const outbox = new OutboxDb(me.id);
  await outbox.open();
  await giveBackLeft(me.id);
  try {
    const { device, key } = await enrolInto(outbox, me, name, pin, rounds);
    // Cleaning programs and full disks take first what nobody asked to keep.
    await navigator.storage?.persist?.().catch(() => false);
    return { account: me.id, device, login: me.name, key, outbox, copy: new CopyDb(me.id), me };
  } catch (cause) {
    end(outbox);
    await takeAway(me.id);
    throw cause;
  }
}

async function enrolInto(outbox: OutboxDb, me: Me, name: string, pin: string, rounds: number): Promise<{ device: string; key: CryptoKey }> {
  const device = await server.enrol(name);
  const lease = await server.borrow(device.id, now);
  const { key, wrapped } = await makeKey(pin, lease.share, rounds);
  const sealed = await seal(key, "me", me);
  await outbox.transaction("rw", outbox.meta, async () => {
    await outbox.write("phone", { account: me.id, login: me.name, device: device.id, wrapped });
    await outbox.write("lease", lease);
    await outbox.write("last_seq", 0);
    await outbox.write("me", sealed);
  });
  return { device: device.id, key };
}

/** Takes an account off this phone for good, and what says that it was here. */
export async function takeAway(account: string): Promise<void> {
  takeMark(account);
  await wipe(account);
}

/** Its owner gives it up, because they forgot the PIN: the server is told as soon as they enrol this browser anew. */
export async function giveUp(account: string): Promise<void> {
  await noteLeft(account);
  await takeAway(account);
}

/** Phones that were wiped here and that the server still counts: an account has at most ten. */
const LEFT = "linli.left";
const isLeft = (value: unknown): value is { account: string; device: string }[] => Array.isArray(value);

/** Which phone it was, for whoever enrols this browser anew. */
async function noteLeft(account: string): Promise<void> {
  const outbox = new OutboxDb(account);
  const phone = await on(outbox, (db) => db.read("phone")).catch(() => undefined);
  end(outbox);
  if (phone === undefined) return;
  rememberJson(LEFT, [...(recallJson(LEFT, isLeft) ?? []), { account, device: phone.device }]);
}

/** Gives those back to the server that `account` left here. */
async function giveBackLeft(account: string): Promise<void> {
  const kept: { account: string; device: string }[] = [];
  for (const one of recallJson(LEFT, isLeft) ?? []) {
    const isGiven = one.account === account && (await server.revoke(one.device).then(() => true, () => false));
    if (!isGiven) kept.push(one);
  }
  rememberJson(LEFT, kept);
}

/** The lease if it runs; one that ended is taken off the phone at once. */
async function leaseOf(outbox: OutboxDb): Promise<Lease | null> {
  const lease = await outbox.read("lease");
  if (lease === undefined) return null;
  if (!isRunning(lease, now())) {
    await outbox.meta.delete("lease");
    return null;
  }
  await outbox.write("lease", seenAt(lease, now()));
  return lease;
}

/** Takes off what ended, without anybody opening anything. */
export async function dropEndedLeases(accounts: readonly string[]): Promise<void> {
  for (const account of accounts) {
    const outbox = new OutboxDb(account);
    try {
      await on(outbox, leaseOf);
    } finally {
      end(outbox);
    }
  }
}

async function borrowAgain(outbox: OutboxDb, account: string, device: string): Promise<Lease | Locked> {
  try {
    // A session that was to end lends nothing.
    await endLeft();
    const lease = await server.borrow(device, now);
    await outbox.write("lease", lease);
    await outbox.write("wrong_pins", 0);
    return lease;
  } catch (cause) {
    const status = cause instanceof ProblemError ? cause.status : 0;
    if (status === 410 || (status === 401 && (await server.isRevoked(device)))) {
      end(outbox);
      await takeAway(account);
      return { why: "revoked" };
    }
    // 404: somebody else is signed in, and it is not their phone.
    return { why: status === 401 || status === 404 ? "signed_out" : "offline" };
  }
}

export async function unlockPhone(account: string, pin: string): Promise<Unlocked> {
  const outbox = new OutboxDb(account);
  const phone = await on(outbox, (db) => db.read("phone"));
  if (phone === undefined) {
    // Enrolling broke off before anything could be kept.
    end(outbox);
    await wipe(account);
    return { locked: { why: "revoked" } };
  }
  const lease = (await leaseOf(outbox)) ?? (await borrowAgain(outbox, account, phone.device));
  if ("why" in lease) {
    end(outbox);
    return { locked: lease };
  }
  const key = await openKey(phone.wrapped, pin, lease.share);
  if (key === null) {
    const left = await countWrong(outbox);
    // The share can be had again by whoever signs in, and by nobody who only holds the phone.
    if (left === 0) await leave(account);
    end(outbox);
    return { locked: { why: "wrong_pin", left } };
  }
  await outbox.write("wrong_pins", 0);
  const sealed = await outbox.read("me");
  if (sealed === undefined) throw new Error("an enrolled phone knows its owner");
  const me = await open<Me>(key, "me", sealed);
  return { opened: { account, device: phone.device, login: phone.login, key, outbox, copy: new CopyDb(account), me } };
}

/** How many tries are left before the share is dropped; 0 when it just was. */
async function countWrong(outbox: OutboxDb): Promise<number> {
  return outbox.transaction("rw", outbox.meta, async () => {
    const n = ((await outbox.read("wrong_pins")) ?? 0) + 1;
    await outbox.write("wrong_pins", n);
    if (n >= MOST_WRONG_PINS) await outbox.meta.delete("lease");
    return Math.max(0, MOST_WRONG_PINS - n);
  });
}

export async function changePin(phone: Opened, old: string, fresh: string): Promise<"done" | "wrong_pin" | "offline"> {
  const kept = await on(phone.outbox, (db) => db.read("phone"));
  const lease = await leaseOf(phone.outbox);
  if (kept === undefined || lease === null) return "offline";
  const wrapped = await rewrapKey(kept.wrapped, old, fresh, lease.share);
  if (wrapped === null) return "wrong_pin";
  await phone.outbox.write("phone", { ...kept, wrapped });
  return "done";
}

/** Borrows again while the server is there, so that the 72 hours begin with the last contact. */
export async function renewLease(phone: Opened): Promise<number> {
  const lease = await server.borrow(phone.device, now);
  await on(phone.outbox, (db) => db.write("lease", lease));
  return endsAt(lease);
}

export async function rememberMe(phone: Opened, me: Me): Promise<void> {
  const sealed = await seal(phone.key, "me", me);
  await on(phone.outbox, (db) => db.write("me", sealed));
}
