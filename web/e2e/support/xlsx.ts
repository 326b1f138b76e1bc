/** What stands in a workbook that was downloaded: as much of the format as a test asks about. */
import { inflateRawSync } from "node:zlib";

const END = 0x06054b50;
const DEFLATED = 8;

/** One file of the zip that every xlsx is. */
function part(file: Buffer, name: string): string {
  let end = file.length - 22;
  while (end > 0 && file.readUInt32LE(end) !== END) end -= 1;
  let at = file.readUInt32LE(end + 16);
  for (let left = file.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [nameBytes, extra, comment] = [28, 30, 32].map((offset) => file.readUInt16LE(at + offset)) as [number, number, number];
    if (file.toString("utf8", at + 46, at + 46 + nameBytes) === name) {
      const local = file.readUInt32LE(at + 42);
      const begins = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
      const bytes = file.subarray(begins, begins + file.readUInt32LE(at + 20));
      return (file.readUInt16LE(at + 10) === DEFLATED ? inflateRawSync(bytes) : bytes).toString("utf8");
    }
    at += 46 + nameBytes + extra + comment;
  }
  throw new Error(`no ${name} in the workbook`);
}

/** The rows of its first sheet as XML: the words that linli fills in stand in the cells themselves. */
export const rowsIn = (file: Buffer): string[] => part(file, "xl/worksheets/sheet1.xml").match(/<(?:\w+:)?row\b.*?<\/(?:\w+:)?row>/gs) ?? [];
