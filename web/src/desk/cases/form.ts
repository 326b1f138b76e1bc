/** What is missing on an action's form, checked before it is sent; the server checks again. */
import type { Field, FormValues } from "@shared/api/types";
import { askedFields, impliedValues } from "@shared/lib/formRules";

const REPLY_PARTS = ["received", "talked_to", "done", "by_when"] as const;

/** Fewest photos that a field asks for. */
const fewest = (field: Field): number => (field.kind === "photos" ? field.min : 0);

/** Nought stars are none; nought of anything else is a number. */
function isUngiven(field: Field, value: unknown): boolean {
  return field.kind === "number" ? typeof value !== "number" : isEmpty(value);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === "string") return value.trim() === "";
  if (typeof value === "number") return value === 0;
  return Array.isArray(value) && value.length === 0;
}

/** A message key and the label of what it is about, by field name (`reply.done` for a part of a reply). */
export interface Lack {
  field: string;
  key: "ui.required" | "ui.requiredChoice" | "ui.photosNeeded" | "ui.number.outside";
  label: string;
  /** How many photos are needed. */
  n?: number;
  /** What a number must lie between. */
  min?: number;
  max?: number;
  /** The label is itself a message key. */
  labelIsKey: boolean;
}

/** The fields that are asked for after what has been answered so far. */
export const askedOf = (form: readonly Field[], values: FormValues): Field[] => askedFields(form, (name) => values[name]);

function isOutside(field: Field, value: unknown): boolean {
  return field.kind === "number" && typeof value === "number" && (value < field.min || value > (field.max ?? Infinity));
}

export function lacksOf(form: readonly Field[], values: FormValues): Lack[] {
  return askedOf(form, values)
    .filter((field) => field.required || fewest(field) > 0 || isOutside(field, values[field.name]))
    .flatMap((field): Lack[] => {
      const value = values[field.name];
      if (field.kind === "reply") {
        const parts: Record<string, unknown> = typeof value === "object" && value !== null ? { ...value } : {};
        return REPLY_PARTS.filter((part) => isEmpty(parts[part])).map((part) => ({
          field: `${field.name}.${part}`,
          key: "ui.required",
          label: `ui.reply.${part}`,
          labelIsKey: true,
        }));
      }
      if (field.kind === "photos") {
        const n = Math.max(fewest(field), field.required ? 1 : 0);
        const given = Array.isArray(value) ? value.length : 0;
        return given >= n ? [] : [{ field: field.name, key: "ui.photosNeeded", label: field.label, n, labelIsKey: false }];
      }
      if (isOutside(field, value)) {
        return [{ field: field.name, key: "ui.number.outside", label: field.label, min: field.min, max: field.max ?? 0, labelIsKey: false }];
      }
      if (!isUngiven(field, value)) return [];
      const written = ["text", "longtext", "number", "date"].includes(field.kind);
      return [{ field: field.name, key: written ? "ui.required" : "ui.requiredChoice", label: field.label, labelIsKey: false }];
    });
}

/** The values without what was left empty: an optional field that is not given is not sent. */
export function givenValues(form: readonly Field[], values: FormValues): FormValues {
  const given = askedOf(form, values).filter((field) => !isUngiven(field, values[field.name]));
  return {
    ...impliedValues(form, (name) => values[name]),
    ...Object.fromEntries(given.map(({ name }) => [name, values[name]])),
  };
}
