/** A server between the browser and linli, which does to the network what villages do: swallows answers, refuses, brings a new app. */
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { afterAll } from "vitest";
import { origin } from "./browser";

export interface Between {
  url: string;
  /** Answers to swallow after linli has done what was asked: the path begins with one of these. Each is used up. */
  swallow: string[];
  /** Paths that get no further. */
  refuse: string[];
  /** Another version of the app's worker. */
  worker: string;
}

function forward(between: Between, asked: IncomingMessage, answer: ServerResponse): void {
  const path = asked.url ?? "/";
  if (between.refuse.some((begins) => path.startsWith(begins))) {
    answer.writeHead(502).end();
    return;
  }
  const isWorker = path === "/field/sw.js";
  const to = new URL(origin());
  const headers = { ...asked.headers, host: to.host, ...(asked.headers.origin === undefined ? {} : { origin: to.origin }), ...(isWorker ? { "accept-encoding": "identity", "if-none-match": "" } : {}) };
  const onward = request({ host: to.hostname, port: to.port, path, method: asked.method, headers }, (found) => {
    const at = between.swallow.findIndex((begins) => path.startsWith(begins));
    if (at >= 0) {
      between.swallow.splice(at, 1);
      found.resume();
      found.on("end", () => answer.destroy());
      return;
    }
    if (!isWorker) {
      answer.writeHead(found.statusCode ?? 502, found.headers);
      found.pipe(answer);
      return;
    }
    const { "content-length": _, etag: __, ...kept } = found.headers;
    answer.writeHead(found.statusCode ?? 502, kept);
    found.on("data", (chunk: Buffer) => answer.write(chunk));
    found.on("end", () => answer.end(`\n// ${between.worker}`));
  });
  onward.on("error", () => answer.destroy());
  answer.on("close", () => onward.destroy());
  asked.pipe(onward);
}

/** Stands between for the tests of a file. */
export async function between(): Promise<Between> {
  const made: Between = { url: "", swallow: [], refuse: [], worker: "1" };
  const server = createServer((asked, answer) => forward(made, asked, answer));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  made.url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return made;
}
