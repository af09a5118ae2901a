// Runs a program as it stands and shows what it throws in the way of its mode: stack, text, body, log.
import { pathToFileURL } from "node:url";

const [mode, program] = process.argv.slice(2);
try {
  await import(pathToFileURL(program).href);
} catch (error) {
  if (mode === "text") console.error(error.message);
  else if (mode === "body") console.error(JSON.stringify(error.error ?? error.responseBody ?? error.response?.data ?? error.message));
  else if (mode === "log") console.error(`[2026-11-24T06:05:12.345Z] ERROR worker-3 request failed: ${error.stack}`);
  else console.error(error);
}
