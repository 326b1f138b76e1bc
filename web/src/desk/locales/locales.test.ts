/** Every text that desk, wall and field ask for exists, in all three languages. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const SRC = fileURLToPath(new URL("../..", import.meta.url));
const FACES = ["desk", "wall", "field"] as const;
const LOCALES = ["zh-CN", "zh-TW", "en"] as const;

function keysOf(value: unknown, prefix = ""): string[] {
  if (typeof value !== "object" || value === null) return [prefix];
  return Object.entries(value).flatMap(([name, inner]) => keysOf(inner, prefix === "" ? name : `${prefix}.${name}`));
}

function messages(folder: string, locale: string): string[] {
  return keysOf(JSON.parse(readFileSync(join(SRC, folder, "locales", `${locale}.json`), "utf8")));
}

function sources(folder: string): string[] {
  return readdirSync(join(SRC, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.(vue|ts)$/.test(path) && !path.endsWith(".test.ts"))
    .map((path) => readFileSync(join(SRC, folder, path), "utf8"));
}

describe.each(FACES)("the texts of %s", (face) => {
  it.each(LOCALES)("are complete in %s", (locale) => {
    expect(messages(face, locale).sort()).toEqual(messages(face, "zh-CN").sort());
  });

  it("have every key that is asked for by name", () => {
    const known = new Set([...messages(face, "zh-CN"), ...messages("shared/i18n", "zh-CN")]);
    const asked = sources(face).flatMap((source) =>
      [...source.matchAll(new RegExp(`["'\`]((?:${face}|ui|time|problem)\\.[a-z_A-Z0-9.]+[a-zA-Z0-9])["'\`]`, "g"))].map((match) => match[1] ?? ""),
    );
    expect([...new Set(asked)].filter((key) => !known.has(key))).toEqual([]);
  });

  it("have something below every key that is made at run time", () => {
    const known = [...messages(face, "zh-CN"), ...messages("shared/i18n", "zh-CN")];
    const stems = sources(face).flatMap((source) =>
      [...source.matchAll(/`((?:desk|wall|field|ui|time)\.[a-z_A-Z.]+)\.\$\{/g)].map((match) => `${match[1]}.`),
    );
    expect([...new Set(stems)].filter((stem) => !known.some((key) => key.startsWith(stem)))).toEqual([]);
  });
});
