import { expect, it } from "vitest";
import type { RegistryRow } from "@shared/registry/fields";
import { likelyKind, placeOfRecord } from "./places";

const row = (more: Partial<RegistryRow>): RegistryRow => ({ id: "a", kind: "dwelling", name: "3号楼101室", address: "3号楼101室", fields: {}, ...more }) as RegistryRow;

it("whoever calls on a household is in its dwelling; premises are called by their name", () => {
  expect(placeOfRecord(row({}))).toEqual({ key: "a", name: "3号楼101室", sent: { record_id: "a" } });
  expect(placeOfRecord(row({ id: "h", kind: "household", name: "李**", fields: { dwelling_id: "a" } }))).toEqual({ key: "a", name: "3号楼101室", sent: { record_id: "a" } });
  const shop = placeOfRecord(row({ id: "s", kind: "premises", name: "面馆", address: "向阳路1号" }));
  expect([shop.name, likelyKind(shop)]).toEqual(["面馆", "visit"]);
});
