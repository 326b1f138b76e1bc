/** Builds the worker of the field face with the list of the files that it keeps. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { transformWithOxc, type Plugin } from "vite";

type Bundle = Parameters<Extract<NonNullable<Plugin["generateBundle"]>, (...args: never[]) => unknown>>[1];

/** What the page asks for besides what is built. */
const PUBLIC = ["/field.webmanifest", "/push-worker.js", "/icons/linli.svg", "/icons/field-180.png", "/icons/field-192.png", "/icons/field-512.png", "/icons/field-maskable-512.png"];

/** Not kept: the map is of no use without a network, and heavier than all the rest. */
const NOT_KEPT = ["MapCanvas"];

/** Everything that the entry needs, at once or later, styles included. */
function filesOf(bundle: Bundle, entry: string): string[] {
  const files = new Set<string>();
  const visit = (name: string): void => {
    const chunk = bundle[name];
    if (files.has(name) || chunk === undefined || NOT_KEPT.includes(chunk.name ?? "")) return;
    files.add(name);
    if (chunk.type !== "chunk") return;
    for (const style of chunk.viteMetadata?.importedCss ?? []) files.add(style);
    for (const asset of chunk.viteMetadata?.importedAssets ?? []) files.add(asset);
    for (const next of [...chunk.imports, ...chunk.dynamicImports]) visit(next);
  };
  const first = Object.values(bundle).find((chunk) => chunk.type === "chunk" && chunk.isEntry && chunk.name === entry);
  if (first === undefined) throw new Error(`no entry ${entry}`);
  visit(first.fileName);
  return [...files].sort();
}

export function fieldWorker(source: string, publicDir: string): Plugin {
  return {
    name: "linli-field-worker",
    apply: "build",
    enforce: "post",
    async generateBundle(_options, bundle) {
      const page = bundle["field/index.html"];
      if (page === undefined || page.type !== "asset") throw new Error("field/index.html is not built yet");
      const files = ["/field/index.html", ...PUBLIC, ...filesOf(bundle, "field").map((file) => `/${file}`)];
      // Files below assets/ are named by their content; the others are not.
      const hash = createHash("sha256").update(files.join("\n")).update(page.source);
      for (const file of PUBLIC) hash.update(await readFile(join(publicDir, file)));
      const { code } = await transformWithOxc(await readFile(source, "utf8"), source, { target: "es2022" });
      const version = hash.update(code).digest("hex").slice(0, 16);
      const told = code.replaceAll("__FIELD_FILES__", JSON.stringify(files)).replaceAll("__FIELD_VERSION__", JSON.stringify(version));
      this.emitFile({ type: "asset", fileName: "field/sw.js", source: told });
    },
  };
}
