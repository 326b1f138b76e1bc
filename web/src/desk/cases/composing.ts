/** What a clerk has open in the form under the case: an action on the case itself, or on a task beside it. */
import type { ActionOffer, CaseView, FormOffer, FormValues, TaskOffer, TaskView, Template } from "@shared/api/types";
import type { Outcome } from "./useCase";

export interface Composing {
  /** Under which its draft is kept; one for each action and task. */
  key: string;
  /** The heading of the form. */
  title: string;
  offer: FormOffer;
  /** Texts to begin from. */
  templates: readonly Template[];
  /** Whether the case as it stands now still offers it. */
  isOffered: (now: CaseView) => boolean;
  send: (fields: FormValues, key: string) => Promise<Outcome>;
}

export function composeAction(shown: CaseView, offer: ActionOffer, send: Composing["send"]): Composing {
  return {
    key: offer.verb,
    title: offer.name,
    offer,
    templates: shown.templates.filter((template) => template.verb === offer.verb),
    isOffered: (now) => now.actions.some(({ verb }) => verb === offer.verb),
    send,
  };
}

export function composeTask(task: TaskView, offer: TaskOffer, title: string, send: Composing["send"]): Composing {
  return {
    key: `task/${task.id}/${offer.verb}`,
    title,
    offer,
    templates: [],
    isOffered: (now) => now.tasks.some(({ id, actions }) => id === task.id && actions.some(({ verb }) => verb === offer.verb)),
    send,
  };
}
