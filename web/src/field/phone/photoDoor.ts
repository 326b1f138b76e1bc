import { useI18n } from "vue-i18n";
import { sendPhoto } from "@shared/upload";
import { PhoneFull } from "./database";
import { showFault } from "./fault";
import { isOpen, keepPhoto } from "./phone";

/** Where a photo goes: into the phone when it is open, else to the server. What a `PhotoPicker` needs. */
export function usePhotoDoor(): (photo: Blob, key: string) => Promise<{ id: string }> {
  const { t } = useI18n();
  return async (photo, key) => {
    if (!isOpen()) return sendPhoto(photo, key);
    try {
      return await keepPhoto(photo);
    } catch (cause) {
      if (cause instanceof PhoneFull) showFault(cause, t);
      throw cause;
    }
  };
}
