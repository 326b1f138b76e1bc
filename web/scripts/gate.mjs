// Gates that a build must pass: the weight of home's first load, and no Chinese text in components.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const WEB = new URL("..", import.meta.url).pathname;
/** DESIGN.md §11: first load of home on a phone, gzip, before interaction. */
const HOME_LIMIT_BYTES = 100_000;
/** Fetched before home can be read, though by a dynamic import: the texts of the default language. */
const HOME_ALSO = ["src/home/locales/zh-CN.json", "src/shared/i18n/locales/zh-CN.json"];

/** Every file that the browser fetches before the first interaction, from Vite's manifest. */
function firstLoad(manifest, entry) {
  const files = new Set();
  const visit = (key) => {
    const chunk = manifest[key];
    if (chunk === undefined) throw new Error(`not in the manifest: ${key}`);
    if (files.has(chunk.file)) return;
    files.add(chunk.file);
    for (const css of chunk.css ?? []) files.add(css);
    for (const next of chunk.imports ?? []) visit(next);
  };
  for (const key of [entry, ...HOME_ALSO]) visit(key);
  return [...files];
}

function weighHome() {
  const dist = process.argv[2] ?? join(WEB, "dist");
  const manifest = JSON.parse(readFileSync(join(dist, ".vite", "manifest.json"), "utf8"));
  const sizes = [...firstLoad(manifest, "index.html"), "index.html"].map((file) => ({
    file,
    bytes: gzipSync(readFileSync(join(dist, file)), { level: 9 }).length,
  }));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { file, bytes } of sizes.sort((a, b) => b.bytes - a.bytes)) console.log(String(bytes).padStart(8), file);
  console.log(`home, first load: ${total} bytes gzip of ${HOME_LIMIT_BYTES}`);
  return total <= HOME_LIMIT_BYTES ? [] : [`home's first load is ${total - HOME_LIMIT_BYTES} bytes too heavy`];
}

function* filesUnder(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else yield path;
  }
}

function withoutComments(source) {
  const blank = (text) => text.replace(/[^\n]/g, " ");
  return source
    .replace(/<!--[\s\S]*?-->/g, blank)
    .replace(/\/\*[\s\S]*?\*\//g, blank)
    .replace(/(^|[^:"'`])\/\/[^\n]*/g, blank);
}

/** Text belongs in the translation files; Chinese in a component cannot be translated. */
function findChinese() {
  const faults = [];
  for (const path of filesUnder(join(WEB, "src"))) {
    if (!path.endsWith(".vue")) continue;
    withoutComments(readFileSync(path, "utf8"))
      .split("\n")
      .forEach((line, index) => {
        if (/\p{Script=Han}/u.test(line)) faults.push(`${path.slice(WEB.length)}:${index + 1}: Chinese text outside the translation files`);
      });
  }
  return faults;
}

function keysOf(messages, prefix = "") {
  return Object.entries(messages).flatMap(([key, value]) =>
    typeof value === "object" && value !== null ? keysOf(value, `${prefix}${key}.`) : [`${prefix}${key}`],
  );
}

/** Every language says everything that Chinese says, with the same placeholders, and nothing more. */
function compareLanguages() {
  const faults = [];
  const folders = [...filesUnder(join(WEB, "src"))].filter((path) => path.endsWith("locales/zh-CN.json"));
  for (const chinese of folders) {
    const expected = new Set(keysOf(JSON.parse(readFileSync(chinese, "utf8"))));
    for (const locale of ["zh-TW", "en"]) {
      const path = chinese.replace("zh-CN", locale);
      const found = new Set(keysOf(JSON.parse(readFileSync(path, "utf8"))));
      for (const key of expected) if (!found.has(key)) faults.push(`${path.slice(WEB.length)}: ${key} is missing`);
      for (const key of found) if (!expected.has(key)) faults.push(`${path.slice(WEB.length)}: ${key} is not in Chinese`);
    }
  }
  return faults;
}

const faults = [...weighHome(), ...findChinese(), ...compareLanguages()];
for (const fault of faults) console.error(fault);
process.exit(faults.length === 0 ? 0 : 1);
