/** Starts the binary with the demo city once for the whole run, and takes it down with its data afterwards. */
import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** `http://127.0.0.1:port` of the running server. */
    origin: string;
  }
}

/** Loading the demo takes seconds with a release build and a minute or two with a debug build on a busy machine. */
const READY_WITHIN_MS = 600_000;
const STOP_WITHIN_MS = 10_000;

function binary(): string {
  const here = (path: string): string => fileURLToPath(new URL(`../../../target/${path}`, import.meta.url));
  const found = [process.env.LINLI_BIN ?? "", here("release/linli"), here("debug/linli")].find((path) => path !== "" && existsSync(path));
  if (found === undefined) throw new Error("no linli binary: run `cargo build --release`, or name one in LINLI_BIN");
  return found;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

async function isReady(origin: string): Promise<boolean> {
  try {
    return (await fetch(`${origin}/readyz`)).ok;
  } catch {
    return false;
  }
}

async function untilReady(server: ChildProcess, origin: string, log: () => string): Promise<void> {
  const end = Date.now() + READY_WITHIN_MS;
  while (Date.now() < end) {
    if (server.exitCode !== null) throw new Error(`linli ended with ${server.exitCode}:\n${log()}`);
    if (await isReady(origin)) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`linli was not ready within ${READY_WITHIN_MS / 1000} s:\n${log()}`);
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const ended = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGTERM");
  const killer = setTimeout(() => server.kill("SIGKILL"), STOP_WITHIN_MS);
  await ended;
  clearTimeout(killer);
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const data = mkdtempSync(join(tmpdir(), "linli-e2e-"));
  // A folder with a demo that was loaded before saves the load while tests are being written.
  const seed = process.env.LINLI_E2E_DATA;
  if (seed !== undefined && seed !== "") cpSync(seed, data, { recursive: true });
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const args = ["demo", "--data", data, "--listen", `127.0.0.1:${port}`, "--public-url", origin, "--per-minute", "6000"];
  const server = spawn(binary(), args, { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  const keep = (chunk: Buffer): void => {
    log = (log + chunk.toString()).slice(-20_000);
  };
  server.stdout.on("data", keep);
  server.stderr.on("data", keep);
  const down = async (): Promise<void> => {
    await stop(server);
    rmSync(data, { recursive: true, force: true });
  };
  try {
    await untilReady(server, origin, () => log);
  } catch (error) {
    await down();
    throw error;
  }
  project.provide("origin", origin);
  return down;
}
