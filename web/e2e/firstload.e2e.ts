/** What a resident's phone must fetch before anything can be done (DESIGN.md §11). */
import { expect, it } from "vitest";
import { PHONE, open, useBrowser } from "./support/browser";

useBrowser();

const MOST_BYTES = 100_000;

it("the first load of the residents' page is at most 100 kB over the wire before interaction", async () => {
  const context = await open(PHONE);
  const page = await context.newPage();
  const wire = await context.newCDPSession(page);
  await wire.send("Network.enable");
  await wire.send("Network.setCacheDisabled", { cacheDisabled: true });
  const types = new Map<string, { type: string; url: string }>();
  const bytes = new Map<string, number>();
  wire.on("Network.responseReceived", ({ requestId, type, response }) => types.set(requestId, { type, url: response.url }));
  wire.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => bytes.set(requestId, encodedDataLength));

  await page.goto("/", { waitUntil: "networkidle" });
  await page.getByRole("link", { name: "我要反映问题" }).waitFor();

  const loaded = [...types].map(([id, { type, url }]) => ({ type, path: new URL(url).pathname, n: bytes.get(id) ?? 0 }));
  const code = loaded.filter(({ type }) => ["Document", "Script", "Stylesheet"].includes(type));
  const sum = code.reduce((total, { n }) => total + n, 0);
  console.log(`first load of home: ${(sum / 1000).toFixed(1)} kB in ${code.length} files (headers included); all requests ${(loaded.reduce((total, { n }) => total + n, 0) / 1000).toFixed(1)} kB`);
  expect(code.length).toBeGreaterThan(1);
  expect(sum, JSON.stringify(code)).toBeLessThanOrEqual(MOST_BYTES);
});
