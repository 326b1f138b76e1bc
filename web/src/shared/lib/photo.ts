/** Longest side of a photo that leaves the phone, in pixels: enough to read a house number, small on a slow link. */
export const LONGEST_SIDE_PX = 1600;
/** Longest side of the picture shown while a draft is kept, in pixels: some 10 kB. */
const THUMB_SIDE_PX = 240;
const JPEG_QUALITY = 0.82;

export type PhotoFault = "not_an_image" | "unreadable";

export class PhotoError extends Error {
  readonly fault: PhotoFault;

  constructor(fault: PhotoFault) {
    super(`photo cannot be used: ${fault}`);
    this.name = "PhotoError";
    this.fault = fault;
  }
}

/** The size to draw at: same shape, longest side at most `longest`, never enlarged. */
export function fitWithin(width: number, height: number, longest: number): { width: number; height: number } {
  const scale = Math.min(1, longest / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

async function decode(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new PhotoError("unreadable");
  }
}

function drawn(bitmap: ImageBitmap, longest: number): HTMLCanvasElement {
  const size = fitWithin(bitmap.width, bitmap.height, longest);
  const canvas = document.createElement("canvas");
  canvas.width = size.width;
  canvas.height = size.height;
  const pen = canvas.getContext("2d");
  if (pen === null) throw new PhotoError("unreadable");
  // JPEG has no transparency; without this a transparent screenshot turns black.
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, size.width, size.height);
  pen.drawImage(bitmap, 0, 0, size.width, size.height);
  return canvas;
}

export interface ShrunkPhoto {
  /** What is sent. */
  body: Blob;
  /** A thumbnail as a data URL: small enough to keep with a draft, where the file itself cannot be kept. */
  thumbUrl: string;
}

/**
 * Redraws a photo small. What was in the file besides the picture (place, time, phone model) does not survive it.
 *
 * @throws PhotoError `not_an_image`, or `unreadable` when the browser cannot decode the format
 */
export async function shrinkPhoto(file: Blob): Promise<ShrunkPhoto> {
  if (!file.type.startsWith("image/")) throw new PhotoError("not_an_image");
  const bitmap = await decode(file);
  try {
    const canvas = drawn(bitmap, LONGEST_SIDE_PX);
    const body = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY));
    if (body === null) throw new PhotoError("unreadable");
    return { body, thumbUrl: drawn(bitmap, THUMB_SIDE_PX).toDataURL("image/jpeg", JPEG_QUALITY) };
  } finally {
    bitmap.close();
  }
}
