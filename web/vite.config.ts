import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig } from "vitest/config";
import type { Plugin } from "vite";
import vue from "@vitejs/plugin-vue";
import ElementPlus from "unplugin-element-plus/vite";
import { fieldWorker } from "./field-worker";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * In development each face answers every path below its prefix, as the server does in production:
 * a deep link such as /desk/cases/abc or /c/abc opens the face's page.
 */
function faceFallback(): Plugin {
  return {
    name: "linli-face-fallback",
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        const [path = "/"] = (request.url ?? "/").split("?");
        const face = /^\/(field|desk|wall)(\/|$)/.exec(path)?.[1];
        const isPage = !path.includes(".") && !path.startsWith("/@") && !path.startsWith("/api/");
        if (isPage) request.url = face === undefined ? "/index.html" : `/${face}/index.html`;
        next();
      });
    },
  };
}

/** Files below this do not gain from it, in bytes: about one packet. */
const WORTH_COMPRESSING = 1_000;

/** Writes the compressed forms that the server sends, so that it need not compress and they are as small as they get. */
function compressedForms(): Plugin {
  return {
    name: "linli-compressed-forms",
    apply: "build",
    async writeBundle({ dir = "" }, bundle) {
      for (const name of Object.keys(bundle).filter((file) => /\.(js|mjs|css|html|json|svg)$/.test(file))) {
        const plain = await readFile(join(dir, name));
        if (plain.length < WORTH_COMPRESSING) continue;
        const best = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
        await writeFile(join(dir, `${name}.br`), brotliCompressSync(plain, best));
        await writeFile(join(dir, `${name}.gz`), gzipSync(plain, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [vue(), ElementPlus({}), faceFallback(), fieldWorker(here("./src/field/worker/sw.ts"), here("./public")), compressedForms()],
  resolve: { alias: { "@shared": here("./src/shared") } },
  define: {
    __VUE_I18N_FULL_INSTALL__: "false",
    __VUE_I18N_LEGACY_API__: "false",
    __INTLIFY_PROD_DEVTOOLS__: "false",
    __VUE_PROD_DEVTOOLS__: "false",
  },
  worker: { format: "es" },
  build: {
    target: "es2022",
    manifest: true,
    // MapLibre alone is larger than Vite's default limit; it is only loaded with a map.
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      input: {
        home: here("./index.html"),
        field: here("./field/index.html"),
        desk: here("./desk/index.html"),
        wall: here("./wall/index.html"),
      },
    },
  },
  server: {
    proxy: { "/api": { target: process.env.LINLI_API ?? "http://localhost:8080", changeOrigin: false } },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
