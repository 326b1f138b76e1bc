import type { RouteLocationRaw, Router } from "vue-router";

/** Back to where one came from. Opened by a link from outside there is nothing of ours to go back to. */
export function goBack(router: Router, fallback: RouteLocationRaw): void {
  if (typeof history.state?.back === "string") router.back();
  else void router.replace(fallback);
}
