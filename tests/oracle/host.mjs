// Runs programs with the SDK that is in the folder's node_modules, and says with which key and to which URL each one
// sends. Started by run.py in one SDK's folder. Cases come as JSON lines; each runs in a thread of its own with the
// environment of the case and modules loaded anew. Nothing is sent: fetch and node's HTTP modules only take notes.

import { writeFileSync, unlinkSync } from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import net from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const THREADS = 2;
const never = new Promise(() => {});

function inThread() {
  const note = (url, headers) => {
    let authorization = null;
    const entries = headers?.entries ? [...headers.entries()] : Object.entries(headers ?? {});
    for (const [name, value] of entries) {
      if (name.toLowerCase() === "authorization") authorization = String(value);
    }
    parentPort.postMessage({ sent: [{ url: String(url), authorization }], error: null });
  };
  globalThis.fetch = (input, init) => {
    const request = typeof input === "object" && "url" in input ? input : null;
    note(request ? request.url : input, init?.headers ?? request?.headers);
    return never;
  };
  const require = createRequire(path.join(process.cwd(), "index.js"));
  for (const [name, scheme] of [["http", "http:"], ["https", "https:"]]) {
    const library = require(`node:${name}`);
    library.request = (...args) => {
      const options = Object.assign({}, ...args.filter((arg) => typeof arg === "object"));
      const host = options.hostname ?? options.host;
      note(`${options.protocol ?? scheme}//${host}${options.path ?? "/"}`, options.headers);
      throw new Error("caught");
    };
  }
  syncBuiltinESMExports();
  net.Socket.prototype.connect = () => {
    throw new Error("no connection leaves this process");
  };
  process.on("unhandledRejection", (problem) => parentPort.postMessage({ sent: [], error: String(problem) }));
  import(pathToFileURL(workerData).href).then(
    // A program that is at its end without a request may still send one: wait a little.
    () => setTimeout(() => parentPort.postMessage({ sent: [], error: "it sent nothing" }), 500),
    (problem) => parentPort.postMessage({ sent: [], error: String(problem).slice(0, 300) }),
  );
}

function runCase(test) {
  return new Promise((resolve) => {
    const file = path.join(process.cwd(), `case-${test.id}.mjs`);
    writeFileSync(file, test.text);
    const worker = new Worker(new URL(import.meta.url), {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...test.environment },
      workerData: file,
      stdout: true,
      stderr: true,
    });
    const finish = (answer) => {
      clearTimeout(timer);
      worker.terminate();
      resolve({ id: test.id, ...answer });
    };
    const timer = setTimeout(() => finish({ sent: [], error: "it took too long" }), 120000);
    worker.once("message", finish);
    worker.once("error", (problem) => finish({ sent: [], error: String(problem).slice(0, 300) }));
  }).finally(() => unlinkSync(path.join(process.cwd(), `case-${test.id}.mjs`)));
}

if (isMainThread) {
  const queue = [];
  for await (const line of createInterface({ input: process.stdin })) queue.push(JSON.parse(line));
  await Promise.all(
    Array.from({ length: THREADS }, async () => {
      for (let test = queue.shift(); test; test = queue.shift()) console.log(JSON.stringify(await runCase(test)));
    }),
  );
} else {
  inThread();
}
