import type { ActionOffer, Field, FieldError, FormValues, Reply } from "../api/types";

/** Values while a form is being filled; photos are kept apart because they are still on their way. */
export interface Draft {
  texts: Record<string, string>;
  choices: Record<string, string | null>;
  stars: Record<string, number>;
  replies: Record<string, Reply>;
}

export const REPLY_PARTS = ["received", "talked_to", "done", "by_when"] as const;

/** An empty draft of an offer's form. What the record already knows is filled in: no one types it a second time. */
export function emptyDraft(offer: ActionOffer, received: string | null): Draft {
  const draft: Draft = { texts: {}, choices: {}, stars: {}, replies: {} };
  for (const field of offer.form) {
    switch (field.kind) {
      case "text":
      case "longtext":
        draft.texts[field.name] = "";
        break;
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
    case "longtext": {
      const text = draft.texts[field.name] ?? "";
      return hasText(text) ? text.trim() : undefined;
    }
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

export function valuesOf(form: readonly Field[], draft: Draft, photos: Record<string, readonly string[]>): FormValues {
  const values: FormValues = {};
  for (const field of form) {
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
  return form.flatMap((field) => faultOf(field, draft, photos[field.name] ?? [], t));
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
    const fewest = Math.max(field.min ?? 0, field.required ? 1 : 0);
    const code = photoIds.length === 0 ? "required" : "too_few";
    return photoIds.length < fewest ? fault(code, t("ui.photosNeeded", { label, n: fewest })) : [];
  }
  const value = valueOf(field, draft, photoIds);
  if (value === undefined) {
    if (!field.required) return [];
    const asText = field.kind === "text" || field.kind === "longtext";
    return fault("required", t(asText ? "ui.required" : "ui.requiredChoice", { label }));
  }
  if (typeof value === "string" && field.max_len > 0 && length(value) > field.max_len) {
    return fault("too_long", t("ui.tooLongField", { label, n: field.max_len }));
  }
  return [];
}
