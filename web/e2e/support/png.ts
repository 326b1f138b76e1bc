/** Makes a screenshot small: at most 256 colours, as most pages have hardly more. */
import { deflateSync } from "node:zlib";
import type { Page } from "playwright-core";

interface Picture {
  width: number;
  height: number;
  /** Red, green, blue, opacity of each point. */
  points: Buffer;
}

async function decode(page: Page, png: Buffer): Promise<Picture> {
  const decoded = await page.evaluate(async (url) => {
    const bitmap = await createImageBitmap(await (await fetch(url)).blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const pen = canvas.getContext("2d");
    if (pen === null) throw new Error("no canvas");
    pen.drawImage(bitmap, 0, 0);
    const { data } = pen.getImageData(0, 0, bitmap.width, bitmap.height);
    let text = "";
    for (let at = 0; at < data.length; at += 32_768) text += String.fromCharCode(...data.subarray(at, at + 32_768));
    return { width: bitmap.width, height: bitmap.height, points: btoa(text) };
  }, `data:image/png;base64,${png.toString("base64")}`);
  return { ...decoded, points: Buffer.from(decoded.points, "base64") };
}

const MOST_COLOURS = 256;
/** Squared distance below which two colours are one. */
const LEAST_DIFFERENCE = 220;

/** The commonest colours, and for every colour of the picture the nearest of them. */
function paletteOf(points: Buffer): { colours: number[]; nearest: Map<number, number> } {
  const counts = new Map<number, number>();
  for (let at = 0; at < points.length; at += 4) {
    const colour = points.readUIntBE(at, 3);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const parts = (colour: number): [number, number, number] => [colour >> 16, (colour >> 8) & 255, colour & 255];
  const common = [...counts].sort((a, b) => b[1] - a[1]).map(([colour]) => colour);
  // Only colours that differ enough: a rare red must not give way to one more shade of grey.
  const colours: number[] = [];
  for (const colour of common) {
    if (colours.length === MOST_COLOURS) break;
    const [r, g, b] = parts(colour);
    const isNew = colours.every((other) => {
      const [r2, g2, b2] = parts(other);
      return (r - r2) ** 2 + (g - g2) ** 2 + (b - b2) ** 2 > LEAST_DIFFERENCE;
    });
    if (isNew) colours.push(colour);
  }
  const nearest = new Map<number, number>();
  for (const colour of counts.keys()) {
    const [r, g, b] = parts(colour);
    let best = 0;
    let least = Infinity;
    for (const [index, other] of colours.entries()) {
      const [r2, g2, b2] = parts(other);
      const distance = (r - r2) ** 2 + (g - g2) ** 2 + (b - b2) ** 2;
      if (distance < least) [best, least] = [index, distance];
    }
    nearest.set(colour, best);
  }
  return { colours, nearest };
}

const CRC = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit += 1) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c >>> 0;
});

function chunk(kind: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(kind, "ascii"), body]);
  let crc = 0xffffffff;
  for (const byte of named) crc = ((CRC[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8)) >>> 0;
  const framed = Buffer.alloc(body.length + 12);
  framed.writeUInt32BE(body.length, 0);
  named.copy(framed, 4);
  framed.writeUInt32BE((crc ^ 0xffffffff) >>> 0, framed.length - 4);
  return framed;
}

/** The same picture with a palette (PNG colour type 3), drawn by any blank page. */
export async function smaller(page: Page, png: Buffer): Promise<Buffer> {
  const { width, height, points } = await decode(page, png);
  const { colours, nearest } = paletteOf(points);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const palette = Buffer.alloc(colours.length * 3);
  colours.forEach((colour, index) => palette.writeUIntBE(colour, index * 3, 3));
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      rows[y * (width + 1) + x + 1] = nearest.get(points.readUIntBE((y * width + x) * 4, 3)) ?? 0;
    }
  }
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([signature, chunk("IHDR", head), chunk("PLTE", palette), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}
