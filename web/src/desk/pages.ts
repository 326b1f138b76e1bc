/** The desk's main pages in the order of its navigation, and what one must be allowed to do to see each: any of these. */
import type { Me } from "@shared/api/types";
import type { May } from "./session";

export const PAGES = [
  { name: "inbox", may: ["view_case"] },
  { name: "call", may: ["report_on_behalf"] },
  { name: "register", may: ["report_on_behalf"] },
  { name: "registry", may: ["view_registry"] },
  { name: "board", may: ["view_board"] },
  { name: "hotline", may: ["export_orders", "import_orders"] },
  { name: "areas", may: ["view_areas", "administer_areas"] },
  { name: "people", may: ["view_people", "administer_people"] },
  { name: "playbook", may: ["view_playbook"] },
  { name: "deliveries", may: ["view_deliveries"] },
  { name: "banners", may: ["administer_banners"] },
  { name: "read_log", may: ["read_audit"] },
  { name: "notice_log", may: ["read_notice_log"] },
  { name: "open311", may: ["view_deliveries"] },
] as const satisfies readonly { name: string; may: readonly May[] }[];

/** Whether somebody may see a page. */
export const maySee = (me: Me, need: readonly string[] | undefined): boolean => need === undefined || need.some((act) => me.may.includes(act));

/** The page that somebody's day begins with: the cases, or for those who have none the first of the others. */
export function firstPage(me: Me): string {
  return PAGES.find((page) => maySee(me, page.may))?.name ?? "account";
}

export const needOf = (name: (typeof PAGES)[number]["name"]): readonly May[] => PAGES.find((page) => page.name === name)?.may ?? [];
