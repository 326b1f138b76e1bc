/** The registry's shapes as its pages use them. */
import type { components } from "@shared/api/schema";

type Shapes = components["schemas"];

export type Kind = Shapes["RegistryKind"];
export type Row = Shapes["RegistryRow"];
export type RecordView = Shapes["RegistryRecord"];
export type Proposal = Shapes["RegistryProposal"];
export type FieldSpec = Shapes["RegistryField"];
export type KindSpec = Shapes["RegistryKindFields"];
export type Figures = Shapes["RegistryFigures"];
export type Count = Shapes["RegistryCount"];
export type Left = Shapes["RegistryLeft"];
export type Look = Shapes["RegistryLook"];
export type LedgerImport = Shapes["LedgerImport"];
export type LedgerColumn = Shapes["LedgerColumn"];
export type LedgerPreview = Shapes["LedgerPreview"];
export type LedgerFault = Shapes["LedgerRowFault"];

/** 房屋 · 住户 · 场所 · 企业 · 公共设施, as the tabs name them. */
export const TABS = ["dwelling", "resident", "premises", "firm", "facility"] as const satisfies readonly Kind[];
export type Tab = (typeof TABS)[number];

/** The tab's counts in an area's figures. */
export function countOf(figures: Figures["total"], kind: Kind): Count {
  switch (kind) {
    case "dwelling":
      return figures.dwellings;
    case "household":
      return figures.households;
    case "resident":
      return figures.residents;
    case "premises":
      return figures.premises;
    case "firm":
      return figures.firms;
    case "facility":
      return figures.facilities;
  }
}

/** Why a record of a kind may leave. */
export function leavings(kind: Kind): readonly Left[] {
  switch (kind) {
    case "dwelling":
      return ["demolished", "mistake"];
    case "household":
      return ["moved_away", "mistake"];
    case "resident":
      return ["moved_away", "deceased", "mistake"];
    case "premises":
    case "firm":
      return ["closed", "moved_away", "mistake"];
    case "facility":
      return ["demolished", "mistake"];
  }
}

/** What lies in records of a kind, and the field by which it does. */
export const INSIDE: Partial<Record<Kind, { kind: "household" | "resident"; by: string }>> = {
  dwelling: { kind: "household", by: "dwelling_id" },
  household: { kind: "resident", by: "household_id" },
};

/** In what a record lies: the way back from a household, and from a resident. */
export function holderOf(row: Pick<Row, "kind" | "fields">): { kind: "dwelling" | "household"; id: string } | null {
  for (const kind of ["dwelling", "household"] as const) {
    const inside = INSIDE[kind];
    const id = inside?.kind === row.kind ? row.fields[inside.by] : undefined;
    if (id !== undefined) return { kind, id };
  }
  return null;
}

/** What a record is called; a household by its head, as far as the mask shows. */
export function titleOf(row: Pick<Row, "kind" | "name" | "address">, t: (key: string, params: { name: string }) => string): string {
  if (row.kind !== "household") return row.name || row.address;
  return t(row.name === "" ? "desk.registry.a_household" : "desk.registry.household_of", { name: row.name });
}
