import { expect, it } from "vitest";
import type { AreaRef } from "@shared/api/types";
import { attendees } from "./attendees";

const COMMUNITY = "610502005007";
const area = (code: string, name: string, full_name: string): AreaRef => ({ code, name, full_name, level: "grid" }) as AreaRef;
const THIRD = area(`${COMMUNITY}003`, "第三网格", "红旗社区第三网格");
const FOURTH = area(`${COMMUNITY}004`, "第四网格", "红旗社区第四网格");
const small = (of: AreaRef): AreaRef => area(`${of.code}001`, "第一微网格", `${of.full_name}第一微网格`);
const one = (id: string, at: AreaRef) => ({ id, name: id, area: at, role_name: "网格员" });

it("places of the same name say in which grid they lie, and one's own grid comes first", () => {
  const found = attendees([one("甲", small(FOURTH)), one("乙", FOURTH), one("丙", small(THIRD))], [THIRD], THIRD.code);
  expect(found.map(({ label, hint }) => `${label} ${hint}`)).toEqual(["丙 第三网格第一微网格 网格员", "乙 第四网格 网格员", "甲 第四网格第一微网格 网格员"]);
});

it("a place whose grid is not known has its whole name", () => {
  const [first] = attendees([one("甲", small(FOURTH)), one("丙", small(THIRD))], [], "");
  expect(first?.hint).toBe("红旗社区第三网格第一微网格 网格员");
});
