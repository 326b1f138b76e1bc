import { shallowRef } from "vue";
import type { Contact } from "@shared/api/types";

/** Whom this resident may call about this place or this case, as far as it is known. */
const worker = shallowRef<Contact | null>(null);

export function useWorker(): typeof worker {
  return worker;
}
