/** Fills a form from a text to begin from, and never throws away what was typed: that stays before it. */
import type { Field, FormValues, Template } from "@shared/api/types";

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** What was typed, then the new text; a text that was filled in a moment ago gives way. */
function after(typed: unknown, text: string, known: ReadonlySet<string>): string {
  const words = typeof typed === "string" ? typed.trim() : "";
  return words === "" || known.has(words) ? text : `${words}\n${text}`;
}

/** The values that change when `template` is picked; `all` are the texts that may already stand there unchanged. */
export function filled(form: readonly Field[], values: FormValues, template: Template, all: readonly Template[]): FormValues {
  const reply = form.find((field) => field.kind === "reply");
  if (reply !== undefined) {
    const given = isRecord(values[reply.name]) ? values[reply.name] : {};
    const typed = isRecord(given) ? given : {};
    const part = (name: "received" | "talked_to" | "by_when"): string => {
      const known = new Set(all.map((one) => one[name] ?? ""));
      const now = typeof typed[name] === "string" ? typed[name].trim() : "";
      return now === "" || (known.has(now) && name !== "received") ? (template[name] ?? "") : now;
    };
    const done = after(typed.done, template.text, new Set(all.map((one) => one.text)));
    return { [reply.name]: { received: part("received"), talked_to: part("talked_to"), done, by_when: part("by_when") } };
  }
  const text = form.find((field) => field.kind === "longtext") ?? form.find((field) => field.kind === "text");
  return text === undefined ? {} : { [text.name]: after(values[text.name], template.text, new Set(all.map((one) => one.text))) };
}
