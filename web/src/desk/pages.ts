/** The desk's main pages in the order of its navigation, and what one must be allowed to do to see each: any of these. */
import type { Me } from "@shared/api/types";
import type { May } from "./session";

export const PAGES = [
  { name: "inbox", may: ["view_case"] },
  { name: "call", may: ["report_on_behalf"] },
  { name: "register", may: ["report_on_behalf"] },
  { name: "registry", may: ["view_registry"] },
  { name: "facilities", may: ["view_registry"] },
  { name: "care", may: ["view_care", "view_care_figures"] },
  { name: "duties", may: ["arrange_duties"] },
  { name: "visits", may: ["view_visits"] },
  { name: "inspections", may: ["view_visits"] },
  { name: "ledgers", may: ["keep_ledgers", "approve_export"] },
  { name: "board", may: ["view_board"] },
  { name: "hotline", may: ["export_orders", "import_orders"] },
  { name: "areas", may: ["view_areas", "administer_areas"] },
  { name: "people", may: ["view_people", "administer_people"] },
  { name: "playbook", may: ["view_playbook"] },
  { name: "deliveries", may: ["view_deliveries"] },
  { name: "opinions", may: ["publish_opinions"] },
  { name: "banners", may: ["administer_banners"] },
  { name: "read_log", may: ["read_audit"] },
  { name: "notice_log", may: ["read_notice_log"] },
  { name: "open311", may: ["view_deliveries"] },
] as const satisfies readonly { name: string; may: readonly May[] }[];

/** Wanted now and then: they stand behind one button, so that what is wanted all day has room. */
const RARE: readonly string[] = ["playbook", "opinions", "deliveries", "banners", "read_log", "notice_log", "open311"];

/** The pages of a navigation, and those behind its button; a button for one page alone would hide more than it tidies. */
export function arranged(me: Me): { front: readonly string[]; more: readonly string[] } {
  const names = PAGES.filter((page) => maySee(me, page.may)).map((page) => page.name as string);
  const more = names.filter((name) => RARE.includes(name));
  return more.length < 2 ? { front: names, more: [] } : { front: names.filter((name) => !RARE.includes(name)), more };
}

/** Whether somebody may see a page. */
export const maySee = (me: Me, need: readonly string[] | undefined): boolean => need === undefined || need.some((act) => me.may.includes(act));

/** The page that somebody's day begins with: the cases, or for those who have none the first of the others. */
export function firstPage(me: Me): string {
  return PAGES.find((page) => maySee(me, page.may))?.name ?? "account";
}

export const needOf = (name: (typeof PAGES)[number]["name"]): readonly May[] => PAGES.find((page) => page.name === name)?.may ?? [];
