/** Photos for the tests, drawn by the browser itself: no file of anybody's is needed. */
import type { Page } from "playwright-core";

export interface TestPhoto {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

/** A street at dusk with a lamp that is out, or lit. */
export async function lampPhoto(page: Page, lit: boolean): Promise<TestPhoto> {
  const url = await page.evaluate((isLit) => {
    const canvas = document.createElement("canvas");
    canvas.width = 1200;
    canvas.height = 900;
    const pen = canvas.getContext("2d");
    if (pen === null) throw new Error("no canvas");
    const sky = pen.createLinearGradient(0, 0, 0, 900);
    for (const [at, colour] of isLit ? ([[0, "#1d2b4a"], [1, "#53607c"]] as const) : ([[0, "#10131f"], [1, "#2a3040"]] as const)) sky.addColorStop(at, colour);
    pen.fillStyle = sky;
    pen.fillRect(0, 0, 1200, 900);
    pen.fillStyle = "#171a22";
    pen.fillRect(0, 300, 330, 460);
    pen.fillRect(820, 220, 380, 540);
    pen.fillStyle = "#e8c877";
    for (const [x, y] of [[60, 380], [200, 520], [900, 320], [1040, 450], [900, 580]] as const) pen.fillRect(x, y, 54, 66);
    pen.fillStyle = isLit ? "#4a4d55" : "#22252d";
    pen.fillRect(0, 760, 1200, 140);
    if (isLit) {
      const glow = pen.createRadialGradient(660, 210, 10, 660, 330, 520);
      glow.addColorStop(0, "rgba(255,236,170,0.95)");
      glow.addColorStop(1, "rgba(255,236,170,0)");
      pen.fillStyle = glow;
      pen.fillRect(0, 0, 1200, 900);
    }
    pen.fillStyle = "#6b7280";
    pen.fillRect(536, 180, 22, 600);
    pen.fillRect(536, 180, 140, 16);
    pen.fillStyle = isLit ? "#fff3c4" : "#3b4150";
    pen.beginPath();
    pen.ellipse(664, 208, 44, 18, 0, 0, 2 * Math.PI);
    pen.fill();
    return canvas.toDataURL("image/jpeg", 0.8);
  }, lit);
  return { name: lit ? "lit.jpg" : "dark.jpg", mimeType: "image/jpeg", buffer: Buffer.from(url.split(",")[1] ?? "", "base64") };
}
