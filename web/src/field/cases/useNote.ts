import { ref, shallowRef, type Ref, type ShallowRef } from "vue";
import { useI18n } from "vue-i18n";
import { api, unwrap } from "@shared/api/client";
import { ProblemError, toProblem } from "@shared/api/problem";
import { PhoneFull } from "../phone/database";
import { faultText } from "../phone/fault";
import { act, isOpen } from "../phone/phone";
import { uuid7 } from "../phone/uuid7";
import { noteBody, noteKey, placeWords, useNoteDraft, type NoteDraft } from "./noteDraft";

/** Where a note went: it is a case with a code, or it lies on the phone and goes when it can. */
export type Noted = { code: string } | { kept: true };

async function keepReport(draft: NoteDraft): Promise<void> {
  const body = noteBody(draft);
  const written = [draft.text, draft.address, draft.name, draft.phone].map((text) => text.trim()).filter((text) => text !== "");
  await act({
    type: "case.report",
    // A name from the start, for what is done to it before the server knows it.
    entity_id: uuid7(),
    base_version: null,
    payload: { ...body },
    attachments: body.attachments ?? [],
    told: { title: body.text, place: placeWords(draft), written },
  });
}

/** Sends the note, or keeps it on an open phone. */
export function useNote(): {
  busy: Ref<boolean>;
  problem: ShallowRef<ProblemError | null>;
  send: () => Promise<Noted | null>;
} {
  const { t } = useI18n();
  const { draft, clear } = useNoteDraft();
  const busy = ref(false);
  const problem = shallowRef<ProblemError | null>(null);

  async function put(): Promise<Noted> {
    if (isOpen()) {
      await keepReport(draft);
      return { kept: true };
    }
    const body = noteBody(draft);
    const header = { "Idempotency-Key": noteKey(draft, body) };
    return { code: (await unwrap(api.POST("/api/cases", { params: { header }, body }))).code };
  }

  async function send(): Promise<Noted | null> {
    busy.value = true;
    problem.value = null;
    try {
      const noted = await put();
      clear();
      return noted;
    } catch (cause) {
      const said = toProblem(cause);
      problem.value = cause instanceof PhoneFull ? new ProblemError({ ...said.problem, code: "not_kept", title: faultText(cause, t) }) : said;
      return null;
    } finally {
      busy.value = false;
    }
  }
  return { busy, problem, send };
}

/** The id of a case that this person may see, by its public code; `null` when it went to another's seat. */
export async function idOf(code: string): Promise<string | null> {
  try {
    return (await unwrap(api.GET("/api/cases/{id}", { params: { path: { id: code } } }))).id;
  } catch {
    return null;
  }
}
