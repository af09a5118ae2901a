#!/usr/bin/env node
// Runs the program of the package for this platform, which npm installs along.
"use strict";
const { spawnSync } = require("node:child_process");

const name = `@mixlint/${process.platform}-${process.arch}`;
let program;
try {
  program = require.resolve(`${name}/mixlint${process.platform === "win32" ? ".exe" : ""}`);
} catch {
  console.error(`error: ${name} is not installed: reinstall without --omit=optional; where there is no such package, \`cargo install\` works`);
  process.exit(2);
}
const { status, signal, error } = spawnSync(program, process.argv.slice(2), { stdio: "inherit" });
if (error) {
  console.error(`error: ${program}: ${error.code}`);
  process.exit(2);
}
if (signal) process.kill(process.pid, signal);
process.exitCode = status ?? 2;
