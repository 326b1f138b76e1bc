/**
 * Browsers take storage back when a phone is full, and cleaning programs do. A cookie outlives that: it says that an account had a phone
 * here, so that its owner is told instead of finding an empty app. It holds the account's id and nothing else.
 */
import { accountsHere } from "./database";

const nameOf = (account: string): string => `linli_phone_${account}`;
const YEAR_S = 31_536_000;

function write(account: string, seconds: number): void {
  document.cookie = `${nameOf(account)}=1; path=/field; max-age=${seconds}; SameSite=Strict`;
}

export const leaveMark = (account: string): void => write(account, YEAR_S);
export const takeMark = (account: string): void => write(account, 0);

/** Whether what an account had on this phone was taken away by the browser, not by us. */
export async function wasEvicted(account: string): Promise<boolean> {
  const isMarked = document.cookie.split("; ").includes(`${nameOf(account)}=1`);
  return isMarked && !(await accountsHere()).includes(account);
}
