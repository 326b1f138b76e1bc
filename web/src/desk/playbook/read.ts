/**
 * Reads the playbook's JSON into what the viewer shows. The playbook's own types belong to the server and grow with it,
 * so everything here is read with care: what is missing or unknown is left out, never a broken page.
 */
import type { Finding } from "../types";

type Loose = Record<string, unknown>;

/** A playbook as the viewer holds it: lists of which each tab reads what it shows. */
export interface Book {
  id: string;
  name: string;
  version: string;
  categories: readonly Loose[];
  responsibilities: readonly Loose[];
  units: readonly Loose[];
  flows: readonly Loose[];
  deadlines: readonly Loose[];
  findings: readonly Finding[];
  calendar: { years: readonly number[]; missing: readonly number[] };
}

export interface CategoryLine {
  code: string;
  name: string;
  parent: string | null;
  weight: string;
  duty: string;
  public: boolean;
  keywords: readonly string[];
}
export interface ResponsibilityLine {
  category: string;
  level: string;
  host: string;
  helpers: readonly string[];
  duty: string;
  basis: string;
}
export interface DeadlineLine {
  kind: string;
  category: string;
  weight: string;
  level: string;
  amount: { n: number; unit: string } | null;
  soon: { n: number; unit: string } | null;
  onBreach: string;
}
export interface UnitLine {
  code: string;
  name: string;
  level: string;
  duties: string;
}
export interface ActionLine {
  verb: string;
  name: string;
  to: string;
  who: readonly { relation: string; roles: readonly string[] }[];
  effects: readonly string[];
  tone: string;
}
export interface StageLine {
  id: string;
  name: string;
  publicName: string;
  phase: string;
  actions: readonly ActionLine[];
}
export interface FlowLine {
  kind: string;
  name: string;
  start: string;
  stages: readonly StageLine[];
}

function isLoose(value: unknown): value is Loose {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
function text(from: Loose, ...names: string[]): string {
  for (const name of names) {
    const value = from[name];
    if (typeof value === "string") return value;
  }
  return "";
}
function list(from: Loose, name: string): readonly unknown[] {
  const value = from[name];
  return Array.isArray(value) ? value : [];
}
function words(from: Loose, name: string): string[] {
  return list(from, name).filter((one): one is string => typeof one === "string");
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((one): one is number => typeof one === "number") : [];
}
function isFinding(value: unknown): value is Finding {
  return isLoose(value) && typeof value.message === "string" && typeof value.file === "string";
}

/** The answer of `GET /api/playbook`: the playbook itself, the findings of its check, and the calendar. */
export function readBook(view: unknown): Book {
  const whole: Loose = isLoose(view) ? view : {};
  const from: Loose = isLoose(whole.playbook) ? whole.playbook : whole;
  const calendar: Loose = isLoose(whole.calendar) ? whole.calendar : {};
  const loose = (name: string): Loose[] => list(from, name).filter(isLoose);
  return {
    id: text(from, "id"),
    name: text(from, "name"),
    version: text(from, "version"),
    categories: loose("categories"),
    responsibilities: loose("responsibilities"),
    units: loose("units"),
    flows: loose("flows"),
    deadlines: loose("deadlines"),
    findings: list(whole, "findings").filter(isFinding),
    calendar: { years: numbers(calendar.years), missing: numbers(calendar.missing) },
  };
}

/** `5 working_days` as written, or `{n, unit}` as stored. */
export function readAmount(value: unknown): { n: number; unit: string } | null {
  if (typeof value === "string") {
    const [n, unit] = value.split(" ");
    return unit === undefined || !Number.isFinite(Number(n)) ? null : { n: Number(n), unit };
  }
  if (!isLoose(value) || typeof value.n !== "number") return null;
  return { n: value.n, unit: text(value, "unit") };
}

/** `seat`, a unit's code, or `{unit: code}` → `seat` or the code. */
export function readHost(value: unknown): string {
  if (typeof value === "string") return value.toLowerCase() === "seat" ? "seat" : value;
  return isLoose(value) ? text(value, "unit", "Unit") : "";
}

/** An effect in the playbook's own words: `start sign`; stored forms such as `{start: "sign"}` are brought back to it. */
export function readEffect(value: unknown): string {
  if (typeof value === "string") return value;
  if (!isLoose(value)) return "";
  const tagged = text(value, "effect", "type");
  const parts = Object.entries(value).map(([name, what]) => (typeof what === "string" ? `${name} ${what}` : name));
  return tagged !== "" ? Object.values(value).filter((one) => typeof one === "string").join(" ") : parts.join(" ");
}

function readWho(value: unknown): { relation: string; roles: string[] } {
  if (!isLoose(value)) return { relation: "", roles: [] };
  const one = text(value, "role");
  return { relation: text(value, "relation"), roles: one !== "" ? [one] : words(value, "roles") };
}

/** One line a relation, with all its roles: 上级（社区工作人员 · 街道派单员）. A relation of anybody stands alone. */
function byRelation(who: readonly { relation: string; roles: string[] }[]): { relation: string; roles: string[] }[] {
  const joined = new Map<string, string[]>();
  for (const { relation, roles } of who) {
    const before = joined.get(relation);
    const isAnybody = roles.length === 0 || (before !== undefined && before.length === 0);
    joined.set(relation, isAnybody ? [] : [...(before ?? []), ...roles]);
  }
  return [...joined].map(([relation, roles]) => ({ relation, roles }));
}

export function readCategories(playbook: Book): CategoryLine[] {
  return playbook.categories.map((from) => ({
    code: text(from, "code"),
    name: text(from, "name"),
    parent: typeof from.parent === "string" ? from.parent : null,
    weight: text(from, "default_weight", "weight"),
    duty: text(from, "duty"),
    public: from.public !== false,
    keywords: words(from, "keywords"),
  }));
}

export function readResponsibilities(playbook: Book): ResponsibilityLine[] {
  return playbook.responsibilities.map((from) => ({
    category: text(from, "category"),
    level: text(from, "level"),
    host: readHost(from.host),
    helpers: list(from, "helpers").map(readHost),
    duty: text(from, "duty"),
    basis: text(from, "basis"),
  }));
}

export function readDeadlines(playbook: Book): DeadlineLine[] {
  return playbook.deadlines.map((from) => ({
    kind: text(from, "kind"),
    category: text(from, "category"),
    weight: text(from, "weight"),
    level: text(from, "level"),
    amount: readAmount(from.amount),
    soon: readAmount(from.soon),
    onBreach: text(from, "on_breach"),
  }));
}

export function readUnits(playbook: Book): UnitLine[] {
  return playbook.units.map((from) => ({
    code: text(from, "code"),
    name: text(from, "name"),
    level: text(from, "level"),
    duties: text(from, "duties"),
  }));
}

export function readFlows(playbook: Book): FlowLine[] {
  return playbook.flows.map((from) => {
    const actions = list(from, "actions").filter(isLoose);
    const stages = list(from, "stages").filter(isLoose);
    const nameOf = (id: string): string => text(stages.find((stage) => stage.id === id) ?? {}, "name") || id;
    return {
      kind: text(from, "kind"),
      name: text(from, "name"),
      start: nameOf(text(from, "start")),
      stages: stages.map((stage) => ({
        id: text(stage, "id"),
        name: text(stage, "name"),
        publicName: text(stage, "public_name"),
        phase: text(stage, "phase"),
        actions: actions
          .filter((action) => words(action, "from").includes(text(stage, "id")))
          .map((action) => ({
            verb: text(action, "verb"),
            name: text(action, "name"),
            to: text(action, "to") === "" ? "" : nameOf(text(action, "to")),
            who: byRelation(list(action, "who").map(readWho)),
            effects: list(action, "effects").map(readEffect).filter((effect) => effect !== ""),
            tone: text(action, "tone"),
          })),
      })),
    };
  });
}
