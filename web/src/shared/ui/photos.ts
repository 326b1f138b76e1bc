/** One photo on its way: shown at once from the phone's own copy, later from its thumbnail; sent in the background. */
export interface Photo {
  key: string;
  previewUrl: string;
  state: "shrinking" | "sending" | "sent" | "failed";
  /** Id at the server once sent. */
  id: string | null;
  /** Message key of what went wrong. */
  fault: string | null;
  /** What is sent: the shrunk picture, or the chosen file until that is ready. */
  body: Blob;
}

/** Ids to attach to a command. */
export function sentIds(photos: readonly Photo[]): string[] {
  return photos.flatMap((photo) => (photo.id === null ? [] : [photo.id]));
}

export function anyUnderWay(photos: readonly Photo[]): boolean {
  return photos.some((photo) => photo.state === "shrinking" || photo.state === "sending");
}
