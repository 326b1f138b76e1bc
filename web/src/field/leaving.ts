/** Ending the session, also with no network: then the server is told before anything else is asked of it. */
import { api, unwrap } from "@shared/api/client";
import { forget, recall, remember } from "@shared/lib/storage";

/** Whose sign-out the server was not told of. */
const LEAVING = "linli.leaving";
/** A network that swallows answers does not hold the start up. */
const PATIENCE_MS = 1_000;
const inTime = (): { signal: AbortSignal } => ({ signal: AbortSignal.timeout(PATIENCE_MS) });

/** Ends the session of `account`; where the server cannot be told now, it is later. Whether it was told. */
export async function leave(account: string): Promise<boolean> {
  try {
    await unwrap(api.DELETE("/api/session"));
    return true;
  } catch {
    remember(LEAVING, account);
    return false;
  }
}

/**
 * Tells the server of a sign-out that was made with no network. A session that somebody else began meanwhile stays.
 *
 * @throws ProblemError
 */
export async function endLeft(): Promise<void> {
  const account = recall(LEAVING);
  if (account === null) return;
  const { data, response } = await api.GET("/api/session", inTime());
  if (data?.id === account) await unwrap(api.DELETE("/api/session", inTime()));
  else if (data === undefined && response.status !== 401) return;
  forget(LEAVING);
}

/** Somebody signed in: what was left before is over. */
export const noteSignedIn = (): void => forget(LEAVING);
