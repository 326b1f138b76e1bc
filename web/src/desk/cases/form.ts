/** What is missing on an action's form, checked before it is sent; the server checks again. */
import type { Field, FormValues } from "@shared/api/types";

const REPLY_PARTS = ["received", "talked_to", "done", "by_when"] as const;

/** Fewest photos that a field asks for. */
function fewest(field: Field): number {
  const min: unknown = "min" in field ? field.min : 0;
  return typeof min === "number" ? min : 0;
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
  key: "ui.required" | "ui.requiredChoice" | "ui.photosNeeded";
  label: string;
  /** How many photos are needed. */
  n?: number;
  /** The label is itself a message key. */
  labelIsKey: boolean;
}

export function lacksOf(form: readonly Field[], values: FormValues): Lack[] {
  return form
    .filter((field) => field.required || fewest(field) > 0)
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
      if (!isEmpty(value)) return [];
      const written = field.kind === "text" || field.kind === "longtext";
      return [{ field: field.name, key: written ? "ui.required" : "ui.requiredChoice", label: field.label, labelIsKey: false }];
    });
}

/** The values without what was left empty: an optional field that is not given is not sent. */
export function givenValues(form: readonly Field[], values: FormValues): FormValues {
  return Object.fromEntries(
    form.map((field) => [field.name, values[field.name]] as const).filter(([, value]) => !isEmpty(value)),
  );
}
