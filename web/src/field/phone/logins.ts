/** Whose outboxes lie on this phone, as far as it can be said without a PIN. */
import { accountsHere, end, on, OutboxDb, wipe } from "./database";

export interface Login {
  account: string;
  login: string;
  /** Commands that were not answered for good. */
  n_waiting: number;
}

async function loginOf(account: string): Promise<Login | null> {
  const outbox = new OutboxDb(account);
  try {
    const phone = await on(outbox, (db) => db.read("phone"));
    if (phone === undefined) {
      // Enrolling broke off, or it was taken away while we looked: what is left is empty.
      end(outbox);
      await wipe(account);
      return null;
    }
    const n_waiting = await outbox.commands.where("state").anyOf("waiting", "held").count();
    return { account, login: phone.login, n_waiting };
  } finally {
    outbox.close();
  }
}

export async function loginsHere(): Promise<Login[]> {
  const found = await Promise.all((await accountsHere()).map(loginOf));
  return found.filter((login) => login !== null);
}
