/**
 * Fields that mean something only after another answer. The playbook declares one form for all branches of an action; which
 * branch is taken is known once its question is answered, and what the branch has no use for is not asked.
 */
import type { Field, FormValues } from "../api/types";

/** A yes-or-no question: fields that are asked only after one of its answers. */
interface Rule {
  question: string;
  answer: boolean;
  fields: readonly string[];
  /** What is sent for them after the other answer: the server requires the field in every branch. */
  otherwise: unknown;
  /** Whether they must then be filled in though the form of all branches leaves them open. */
  needed: boolean;
}

const RULES: readonly Rule[] = [
  // 回访: whoever was not reached said nothing of the matter.
  { question: "reached", answer: true, fields: ["solved", "satisfied"], otherwise: false, needed: true },
  // 裁定: another seat is named only where the objection is upheld.
  { question: "upheld", answer: true, fields: ["seat"], otherwise: undefined, needed: true },
];

function ruleOf(form: readonly Field[], field: Field): Rule | undefined {
  return RULES.find((rule) => rule.fields.includes(field.name) && form.some(({ name, kind }) => name === rule.question && kind === "boolean"));
}

/** The fields to ask for now; `answerTo` gives a question's answer, or nothing while it is open. */
export function askedFields(form: readonly Field[], answerTo: (name: string) => unknown): Field[] {
  return form.flatMap((field) => {
    const rule = ruleOf(form, field);
    if (rule === undefined) return [field];
    if (answerTo(rule.question) !== rule.answer) return [];
    return [{ ...field, required: field.required || rule.needed, help: null }];
  });
}

/** What is sent for the fields that are not asked for. */
export function impliedValues(form: readonly Field[], answerTo: (name: string) => unknown): FormValues {
  const implied = form.flatMap((field) => {
    const rule = ruleOf(form, field);
    const isMoot = rule !== undefined && typeof answerTo(rule.question) === "boolean" && answerTo(rule.question) !== rule.answer;
    return isMoot && rule.otherwise !== undefined ? [[field.name, rule.otherwise] as const] : [];
  });
  return Object.fromEntries(implied);
}
