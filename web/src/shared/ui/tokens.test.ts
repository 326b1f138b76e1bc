import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");
const [lightCss = "", darkCss = ""] = css.split("@media (prefers-color-scheme: dark)");

function tokensIn(source: string): Map<string, string> {
  return new Map(Array.from(source.matchAll(/--c-([\w-]+):\s*(#[0-9a-f]{6})/g), ([, name = "", value = ""]) => [name, value]));
}

/** Relative luminance after WCAG 2.2. */
function luminance(hex: string): number {
  const channel = (at: number): number => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

const TEXT: readonly [string, string][] = [
  ...["ground", "surface", "sunken"].flatMap((on): [string, string][] => [["ink", on], ["ink-2", on], ["teal-ink", on]]),
  ["red-ink", "surface"],
  ["red-ink", "ground"],
  ["on-teal", "teal"],
  ["on-teal", "teal-hover"],
  ["on-red", "red"],
  ...["teal", "red", "amber", "green", "grey"].map((tone): [string, string] => [`${tone}-ink`, `${tone}-soft`]),
];
const PARTS: readonly [string, string][] = [
  ["line-strong", "surface"],
  ["line-strong", "ground"],
  ["focus", "ground"],
  ["focus", "surface"],
  ["teal", "surface"],
  ["red", "surface"],
  ["amber", "surface"],
];

const themes = { light: tokensIn(lightCss), dark: new Map([...tokensIn(lightCss), ...tokensIn(darkCss)]) };

describe.each(Object.entries(themes))("%s theme", (_name, tokens) => {
  const value = (name: string): string => tokens.get(name) ?? "missing";

  it.each(TEXT)("%s on %s is readable (4.5:1)", (ink, ground) => {
    expect(contrast(value(ink), value(ground))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(PARTS)("%s on %s can be told apart (3:1)", (part, ground) => {
    expect(contrast(value(part), value(ground))).toBeGreaterThanOrEqual(3);
  });
});
