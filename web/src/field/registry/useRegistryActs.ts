/** What is done to a record: kept by an open phone, sent at once without one. */
import { useI18n } from "vue-i18n";
import { api, unwrap } from "@shared/api/client";
import type { components } from "@shared/api/schema";
import { said, type Edits, type FieldSpec, type RegistryKind, type RegistryRow } from "@shared/registry/fields";
import { useDoing, wordsOf, type Doing } from "../phone/doing";
import { labelOf } from "../phone/records";
import type { Told } from "../phone/types";
import { uuid7 } from "../phone/uuid7";

type Verdict = components["schemas"]["RegistryVerdict"];

export interface Entering {
  kind: RegistryKind;
  area: { code: string; name: string };
  fields: Readonly<Record<string, string>>;
  specs: readonly FieldSpec[];
  /** Where, for what has no address of its own. */
  place: string;
}

export interface RegistryActs {
  doing: Doing;
  /** Gives the id of the new record. */
  enter: (what: Entering) => Promise<string | null>;
  /** Gives what came of it. */
  change: (row: RegistryRow, edits: Edits, specs: readonly FieldSpec[]) => Promise<Verdict | null>;
  confirm: (row: RegistryRow) => Promise<boolean>;
}

/** What may be said outside a form: nothing of a resident, and of others nothing that is sealed. */
const isTold = (kind: RegistryKind, field: FieldSpec): boolean => kind !== "resident" && !field.is_sealed && field.shape !== "ref";

/** Where a record is, for lists that name it; a household is where its dwelling is. */
const placeOf = (row: RegistryRow): string => (row.kind === "dwelling" || row.kind === "household" ? row.address : row.name);

export function useRegistryActs(): RegistryActs {
  const { t } = useI18n();
  const doing = useDoing();

  function toldOfEnter({ kind, area, fields, specs, place }: Entering): Told {
    const words = specs.flatMap((field) => (isTold(kind, field) ? wordsOf(said(field, fields[field.key])) : []));
    const where = kind === "dwelling" ? area.name : place === "" ? (fields.address ?? area.name) : place;
    return { title: kind === "resident" ? "" : labelOf(kind, fields), place: where, written: words };
  }

  /** Each field with what stands in it now; of what is sealed only that it was changed. */
  function factsOf(kind: RegistryKind, edits: Edits, specs: readonly FieldSpec[]): string[] {
    return specs
      .filter(({ key }) => key in edits)
      .map((field) => (isTold(kind, field) ? t("field.registry.fact", { name: field.name, value: said(field, edits[field.key]) || t("field.registry.nothing") }) : field.name));
  }

  async function enter(what: Entering): Promise<string | null> {
    const { kind, area, fields } = what;
    let id = uuid7();
    const isDone = await doing.run(
      { type: "registry.enter", entity_id: id, base_version: null, payload: { kind, area_code: area.code, fields: { ...fields } }, attachments: [], told: toldOfEnter(what) },
      async (headers) => {
        const made = await unwrap(api.POST("/api/registry/{kind}", { params: { path: { kind } }, headers, body: { area_code: area.code, fields: { ...fields }, even_so: true } }));
        id = made.id;
      },
    );
    return isDone ? id : null;
  }

  async function change(row: RegistryRow, edits: Edits, specs: readonly FieldSpec[]): Promise<Verdict | null> {
    let verdict: Verdict = "applied";
    const { kind, id, version } = row;
    const facts = factsOf(kind, edits, specs);
    const isDone = await doing.run(
      { type: "registry.change", entity_id: id, base_version: version, payload: { kind, fields: edits }, attachments: [], told: { title: facts.join(t("field.registry.between")), place: placeOf(row), written: [] } },
      async (headers) => {
        verdict = (await unwrap(api.PATCH("/api/registry/{kind}/{id}", { params: { path: { kind, id } }, headers, body: { base_version: version, fields: edits } }))).outcome;
      },
    );
    return isDone ? verdict : null;
  }

  const confirm = (row: RegistryRow): Promise<boolean> =>
    doing.run(
      { type: "registry.confirm", entity_id: row.id, base_version: null, payload: { kind: row.kind }, attachments: [], told: { title: "", place: placeOf(row), written: [] } },
      () => unwrap(api.POST("/api/registry/{kind}/{id}/confirm", { params: { path: { kind: row.kind, id: row.id } } })),
    );

  return { doing, enter, change, confirm };
}
