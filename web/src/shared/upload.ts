import { uploadPhoto } from "./api/client";

/** Sends one photo; what a `PhotoPicker` needs. */
export const sendPhoto = (photo: Blob, key: string): Promise<{ id: string }> => uploadPhoto(photo, key);
