/**
 * Browsers take storage back when a phone is full, and cleaning programs do. A cookie that the server sets outlives that: it says that an
 * account had a phone here, so that its owner is told instead of finding an empty app. It holds the account's id and nothing else.
 */
import { accountsHere } from "./database";

const nameOf = (account: string): string => `linli_phone_${account}`;

export function takeMark(account: string): void {
  document.cookie = `${nameOf(account)}=1; path=/field; max-age=0; SameSite=Strict`;
}

/** Whether what an account had on this phone was taken away by the browser, not by us. */
export async function wasEvicted(account: string): Promise<boolean> {
  const isMarked = document.cookie.split("; ").includes(`${nameOf(account)}=1`);
  return isMarked && !(await accountsHere()).includes(account);
}
