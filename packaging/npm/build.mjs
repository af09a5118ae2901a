// Writes the npm packages: `mixlint`, which starts the program, and one for each program that is given, which holds it.
//
//     node packaging/npm/build.mjs OUT [TARGET=PROGRAM]...
//
// TARGET is a target of Rust's. `npm pack` in a directory below OUT makes the package's file.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const TARGETS = {
  "x86_64-unknown-linux-gnu": { os: "linux", cpu: "x64", libc: "glibc" },
  "aarch64-unknown-linux-gnu": { os: "linux", cpu: "arm64", libc: "glibc" },
  "x86_64-apple-darwin": { os: "darwin", cpu: "x64" },
  "aarch64-apple-darwin": { os: "darwin", cpu: "arm64" },
  "x86_64-pc-windows-msvc": { os: "win32", cpu: "x64" },
};

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const cargo = readFileSync(join(root, "Cargo.toml"), "utf8");
const field = (name) => new RegExp(`^${name} = "(.*)"`, "m").exec(cargo)[1];
const [out, ...programs] = process.argv.slice(2);
if (!out) throw new Error("usage: build.mjs OUT [TARGET=PROGRAM]...");

const nameOf = ({ os, cpu }) => `@mixlint/${os}-${cpu}`;

function write(folder, files, more) {
  const path = join(out, folder);
  mkdirSync(path, { recursive: true });
  const common = { version: field("version"), description: field("description"), license: field("license") };
  const { name, ...rest } = more;
  writeFileSync(join(path, "package.json"), JSON.stringify({ name, ...common, ...rest }, null, 2) + "\n");
  for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"]) copyFileSync(join(root, licence), join(path, licence));
  for (const [file, source, mode] of files) {
    copyFileSync(source, join(path, file));
    chmodSync(join(path, file), mode);
  }
}

write("mixlint", [["mixlint.js", join(here, "mixlint.js"), 0o755], ["README.md", join(here, "README.md"), 0o644]], {
  name: "mixlint",
  keywords: ["linter", "openai", "api-key", "static-analysis", "mixroute"],
  bin: { mixlint: "mixlint.js" },
  engines: { node: ">=18" },
  optionalDependencies: Object.fromEntries(Object.values(TARGETS).map((target) => [nameOf(target), field("version")])),
});
for (const given of programs) {
  const [target, program] = given.split(/=(.*)/s);
  const platform = TARGETS[target];
  if (!platform || !program) throw new Error(`${given}: no TARGET=PROGRAM of ${Object.keys(TARGETS).join(", ")}`);
  const only = Object.fromEntries(Object.entries(platform).map(([key, value]) => [key, [value]]));
  const file = platform.os === "win32" ? "mixlint.exe" : "mixlint";
  write(`${platform.os}-${platform.cpu}`, [[file, program, 0o755]], { name: nameOf(platform), ...only, preferUnplugged: true });
}
