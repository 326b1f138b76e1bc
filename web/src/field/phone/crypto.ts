/**
 * What lies on the phone is sealed with AES-256-GCM under a data key. The data key is wrapped by a key that needs both halves: what
 * the PIN gives (PBKDF2) and the server's share, which is lent for 72 hours. WebCrypto alone; nothing here keeps a key.
 */

type Bytes = Uint8Array<ArrayBuffer>;

/** Rounds of PBKDF2-SHA-256; OWASP 2023: at least 600,000. */
export const PIN_ROUNDS = 600_000;
const SALT_BYTES = 16;
const IV_BYTES = 12;
const AES = { name: "AES-GCM", length: 256 };

/** A sealed value as IndexedDB keeps it. */
export interface Sealed {
  iv: Bytes;
  data: ArrayBuffer;
}

/** The data key, wrapped; with the right PIN and share it opens. */
export interface WrappedKey {
  salt: Bytes;
  rounds: number;
  iv: Bytes;
  data: ArrayBuffer;
}

/** Browsers give the keys of this file only on https (and on the machine itself). */
export const canSeal = (): boolean => typeof crypto !== "undefined" && crypto.subtle !== undefined;

const utf8 = (text: string): Bytes => new TextEncoder().encode(text);
const random = (n: number): Bytes => crypto.getRandomValues(new Uint8Array(n));

export function bytesOfBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

/** The key that wraps: of no use with one half alone. */
async function wrappingKey(pin: string, share: Bytes, salt: Bytes, rounds: number): Promise<CryptoKey> {
  const typed = await crypto.subtle.importKey("raw", utf8(pin), "PBKDF2", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, typed, 256);
  const half = await crypto.subtle.importKey("raw", bits, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: share, info: utf8("linli phone 1") };
  return crypto.subtle.deriveKey(how, half, AES, false, ["wrapKey", "unwrapKey"]);
}

async function wrap(key: CryptoKey, pin: string, share: Bytes, rounds: number): Promise<WrappedKey> {
  const salt = random(SALT_BYTES);
  const iv = random(IV_BYTES);
  const by = await wrappingKey(pin, share, salt, rounds);
  return { salt, rounds, iv, data: await crypto.subtle.wrapKey("raw", key, by, { name: "AES-GCM", iv }) };
}

async function unwrap(wrapped: WrappedKey, pin: string, share: Bytes, extractable: boolean): Promise<CryptoKey | null> {
  const by = await wrappingKey(pin, share, wrapped.salt, wrapped.rounds);
  try {
    return await crypto.subtle.unwrapKey("raw", wrapped.data, by, { name: "AES-GCM", iv: wrapped.iv }, AES, extractable, ["encrypt", "decrypt"]);
  } catch {
    return null;
  }
}

/** A new data key, wrapped, and ready for use. */
export async function makeKey(pin: string, share: Bytes, rounds = PIN_ROUNDS): Promise<{ key: CryptoKey; wrapped: WrappedKey }> {
  const fresh = await crypto.subtle.generateKey(AES, true, ["encrypt", "decrypt"]);
  const wrapped = await wrap(fresh, pin, share, rounds);
  const raw = await crypto.subtle.exportKey("raw", fresh);
  // What the page works with cannot be read out again.
  const key = await crypto.subtle.importKey("raw", raw, AES, false, ["encrypt", "decrypt"]);
  return { key, wrapped };
}

/** The data key; `null` when the PIN or the share is not the one that it was wrapped with. */
export const openKey = (wrapped: WrappedKey, pin: string, share: Bytes): Promise<CryptoKey | null> => unwrap(wrapped, pin, share, false);

/** The same data key under another PIN; `null` when the old one is wrong. What was sealed before stays as it is. */
export async function rewrapKey(wrapped: WrappedKey, old: string, fresh: string, share: Bytes): Promise<WrappedKey | null> {
  const key = await unwrap(wrapped, old, share, true);
  return key === null ? null : wrap(key, fresh, share, wrapped.rounds);
}

/** `about` names the place that the value lies in: moved to another place it does not open. */
export async function sealBytes(key: CryptoKey, about: string, bytes: BufferSource): Promise<Sealed> {
  const iv = random(IV_BYTES);
  return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8(about) }, key, bytes) };
}

/** @throws OperationError when it was sealed by another key, for another place, or was changed */
export function openBytes(key: CryptoKey, about: string, sealed: Sealed): Promise<ArrayBuffer> {
  return crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv, additionalData: utf8(about) }, key, sealed.data);
}

export const seal = (key: CryptoKey, about: string, value: unknown): Promise<Sealed> => sealBytes(key, about, utf8(JSON.stringify(value)));

/** @throws as `openBytes` */
export async function open<T>(key: CryptoKey, about: string, sealed: Sealed): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await openBytes(key, about, sealed))) as T;
}

/** SHA-256 in hex: how a command names a photo. */
export async function digestOf(bytes: BufferSource): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
