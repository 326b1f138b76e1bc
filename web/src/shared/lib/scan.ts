// The browser's own QR reader, where there is one (Chrome on Android). Elsewhere people scan with WeChat or the camera,
// which opens the printed link, or type the code printed below it.
interface Detector {
  detect: (image: ImageBitmap) => Promise<{ rawValue: string }[]>;
}

function detectorOf(host: object): (new (options: { formats: string[] }) => Detector) | null {
  const found: unknown = Reflect.get(host, "BarcodeDetector");
  return typeof found === "function" ? (found as new (options: { formats: string[] }) => Detector) : null;
}

export function canScan(): boolean {
  return detectorOf(globalThis) !== null;
}

/** The text of the QR in a photo, or `null` when none is seen. */
export async function scanPhoto(photo: Blob): Promise<string | null> {
  const Reader = detectorOf(globalThis);
  if (Reader === null) return null;
  try {
    const bitmap = await createImageBitmap(photo);
    const [first] = await new Reader({ formats: ["qr_code"] }).detect(bitmap);
    bitmap.close();
    return first?.rawValue ?? null;
  } catch {
    return null;
  }
}

/** The place code in what was scanned or typed: the `qr` of our own link, or the text itself. */
export function placeCodeIn(text: string): string {
  const linked = /[?&]qr=([^&#]+)/.exec(text)?.[1];
  return linked === undefined ? text.trim().replace(/[\s-]/g, "") : decodeURIComponent(linked);
}
