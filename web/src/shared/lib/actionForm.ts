import type { Field, FieldError, FormValues, Reply } from "../api/types";
import { askedFields, impliedValues } from "./formRules";

/** Values while a form is being filled; photos are kept apart because they are still on their way. */
export interface Draft {
  texts: Record<string, string>;
  choices: Record<string, string | null>;
  stars: Record<string, number>;
  replies: Record<string, Reply>;
  numbers: Record<string, number | null>;
  /** What is ticked: seats and people. */
  lists: Record<string, readonly string[]>;
}

export const REPLY_PARTS = ["received", "talked_to", "done", "by_when"] as const;

/** An empty draft of an offer's form. What the record already knows is filled in: no one types it a second time. */
export function emptyDraft(offer: { form: readonly Field[] }, received: string | null): Draft {
  const draft: Draft = { texts: {}, choices: {}, stars: {}, replies: {}, numbers: {}, lists: {} };
  for (const field of offer.form) {
    switch (field.kind) {
      case "text":
      case "longtext":
      case "date":
      case "case":
        draft.texts[field.name] = "";
        break;
      case "number":
        draft.numbers[field.name] = null;
        break;
      case "seats":
      case "people":
        draft.lists[field.name] = [];
        break;
      case "whistle":
      case "choice":
      case "category":
      case "weight":
      case "ground":
      case "seat":
      case "boolean":
        draft.choices[field.name] = null;
        break;
      case "stars":
        draft.stars[field.name] = 0;
        break;
      case "reply":
        draft.replies[field.name] = {
          received: received ?? "",
          talked_to: "",
          done: "",
          by_when: "",
        };
        break;
      case "photos":
        break;
    }
  }
  return draft;
}

function hasText(text: string | null | undefined): boolean {
  return (text ?? "").trim() !== "";
}

function length(text: string): number {
  return Array.from(text).length;
}

/** The value to send for one field, or `undefined` when nothing was given. */
function valueOf(field: Field, draft: Draft, photoIds: readonly string[]): unknown {
  switch (field.kind) {
    case "text":
    case "longtext":
    case "date":
    case "case": {
      const text = draft.texts[field.name] ?? "";
      return hasText(text) ? text.trim() : undefined;
    }
    case "number":
      return draft.numbers[field.name] ?? undefined;
    case "people":
    case "seats": {
      const chosen = draft.lists[field.name] ?? [];
      if (chosen.length === 0) return undefined;
      return field.kind === "people" ? [...chosen] : chosen.map(parseSeat);
    }
    case "whistle":
    case "choice":
    case "category":
    case "weight":
    case "ground":
      return draft.choices[field.name] ?? undefined;
    case "seat": {
      const choice = draft.choices[field.name];
      return choice === null || choice === undefined ? undefined : parseSeat(choice);
    }
    case "boolean": {
      const choice = draft.choices[field.name];
      return choice === null || choice === undefined ? undefined : choice === "yes";
    }
    case "stars": {
      const stars = draft.stars[field.name] ?? 0;
      return stars === 0 ? undefined : stars;
    }
    case "reply": {
      const reply = draft.replies[field.name];
      return reply !== undefined && REPLY_PARTS.every((part) => !hasText(reply[part])) ? undefined : reply;
    }
    case "photos":
      return photoIds.length === 0 ? undefined : [...photoIds];
  }
}

/** The seat as one string for a radio button, and back. */
export function seatKey(areaCode: string, unitCode: string | null | undefined): string {
  return unitCode ? `${areaCode}/${unitCode}` : areaCode;
}

function parseSeat(key: string): { area_code: string; unit_code?: string } {
  const [areaCode = "", unitCode] = key.split("/");
  return unitCode === undefined ? { area_code: areaCode } : { area_code: areaCode, unit_code: unitCode };
}

const answerIn = (draft: Draft) => (name: string): unknown => {
  const choice = draft.choices[name];
  return choice === "yes" ? true : choice === "no" ? false : undefined;
};

/** The fields of a form that are asked for after what has been answered so far. */
export const askedIn = (form: readonly Field[], draft: Draft): Field[] => askedFields(form, answerIn(draft));

export function valuesOf(form: readonly Field[], draft: Draft, photos: Record<string, readonly string[]>): FormValues {
  const values: FormValues = impliedValues(form, answerIn(draft));
  for (const field of askedIn(form, draft)) {
    const value = valueOf(field, draft, photos[field.name] ?? []);
    if (value !== undefined) values[field.name] = value;
  }
  return values;
}

type Translate = (key: string, params: Record<string, string | number>) => string;

/** What the person still has to mend before the form is worth sending. The server checks again. */
export function faultsOf(
  form: readonly Field[],
  draft: Draft,
  photos: Record<string, readonly string[]>,
  t: Translate,
): FieldError[] {
  return askedIn(form, draft).flatMap((field) => faultOf(field, draft, photos[field.name] ?? [], t));
}

function faultOf(field: Field, draft: Draft, photoIds: readonly string[], t: Translate): FieldError[] {
  const fault = (code: string, message: string, part?: string): FieldError[] => [
    { field: part === undefined ? field.name : `${field.name}.${part}`, code, message },
  ];
  const { label } = field;
  if (field.kind === "reply") {
    const reply = draft.replies[field.name];
    if (!field.required || reply === undefined) return [];
    return REPLY_PARTS.flatMap((part) =>
      hasText(reply[part]) ? [] : fault("required", t("ui.required", { label: t(`ui.reply.${part}`, {}) }), part),
    );
  }
  if (field.kind === "photos") {
    const fewest = Math.max(field.min, field.required ? 1 : 0);
    const code = photoIds.length === 0 ? "required" : "too_few";
    return photoIds.length < fewest ? fault(code, t("ui.photosNeeded", { label, n: fewest })) : [];
  }
  const value = valueOf(field, draft, photoIds);
  if (value === undefined) {
    if (!field.required) return [];
    const asText = ["text", "longtext", "number", "case"].includes(field.kind);
    return fault("required", t(asText ? "ui.required" : "ui.requiredChoice", { label }));
  }
  if (typeof value === "number" && field.kind === "number" && (value < field.min || value > (field.max ?? Infinity))) {
    return fault("out_of_range", t("ui.number.outside", { label, min: field.min, max: field.max ?? "" }));
  }
  if (typeof value === "string" && field.max_len > 0 && length(value) > field.max_len) {
    return fault("too_long", t("ui.tooLongField", { label, n: field.max_len }));
  }
  return [];
}

/** A whistle is offered as one line, its name and what it is for: shown as a choice with a line that explains it. */
export function explained(options: Field["options"]): { value: string; label: string; hint: string | null }[] {
  return options.map(({ value, label }) => {
    const [name = label, ...rest] = label.split("：");
    return { value, label: name, hint: rest.length === 0 ? null : rest.join("：") };
  });
}
