#!/usr/bin/env bash
# The npm packages: packed, installed from their files into an empty folder, and run by npx. Needs cargo, node and npm.
. "$(dirname "$0")/lib.sh"

program=${MIXLINT:-}
if [ -z "$program" ]; then
    (cd "$root" && env -u CARGO_TARGET_DIR cargo build --quiet --locked)
    program=$root/target/debug/mixlint
fi
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -1)
target=$(rustc -vV | sed -n 's/^host: //p')
export npm_config_cache="$work/cache" npm_config_update_notifier=false npm_config_audit=false npm_config_fund=false

say "build and pack"
run 0 node "$root/packaging/npm/build.mjs" "$work/packages" "$target=$program"
mkdir "$work/files"
for package in "$work"/packages/*; do
    run 0 npm pack --silent --pack-destination "$work/files" "$package"
done
run 0 ls "$work/files"
has "mixlint-$version.tgz"

say "install into an empty folder, without a network"
mkdir "$work/project"
cd "$work/project"
run 0 npm init -y --silent
run 0 npm install --offline --silent "$work"/files/*.tgz
run 0 npx --offline mixlint --version
has "mixlint $version"

say "exit codes and output are the program's"
cp "$root"/fixtures/example/*.py .
run 1 npx --offline mixlint check --output-format concise --no-config
has 'app.py:11:49: error[mixroute-key-at-openai]'
run 2 npx --offline mixlint check no-such-file
run 1 sh -c 'npx --offline mixlint check --output-format concise - --stdin-filename app.py < app.py'
has 'app.py:11:49: '

say "where the platform's package is missing, it says so"
rm -r node_modules/@mixlint
run 2 npx --offline mixlint --version
has 'is not installed'
say "all passed"
