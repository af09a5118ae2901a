#!/usr/bin/env bash
# The wheel in a fresh virtual environment, and `cargo install`. Needs Python, cargo and a package index.
. "$(dirname "$0")/lib.sh"

example() {
    say "$1 check, routes, explain"
    run 0 "$1" --version
    has "mixlint $(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -1)"
    cd "$root"
    run 1 "$1" check --output-format concise fixtures/example
    has 'fixtures/example/app.py:11:49: error[mixroute-key-at-openai]'
    run 0 "$1" routes fixtures/example
    has 'mismatch'
    run 0 "$1" explain foreign-key
    has '## How to fix'
}

say "pip install of the built wheel"
copy_of_repository "$work/clean"
wheel "$work/clean"
ls "$work/dist"
python3 -m venv "$work/fresh"
run 0 "$work/fresh/bin/pip" install --no-index --disable-pip-version-check "$work"/dist/mixlint-*.whl
run 0 "$work/fresh/bin/pip" show -f mixlint
has 'bin/mixlint'
example "$work/fresh/bin/mixlint"
run 0 "$work/fresh/bin/pip" uninstall -y mixlint
[ ! -e "$work/fresh/bin/mixlint" ]

say "cargo install --path ."
run 0 cargo install --quiet --locked --path "$work/clean" --root "$work/cargo"
example "$work/cargo/bin/mixlint"

say "completions and man page"
for shell in bash zsh fish elvish powershell; do
    "$work/cargo/bin/mixlint" completions "$shell" > "$work/mixlint.$shell"
    wc -c "$work/mixlint.$shell" | sed "s|$work/||"
done
run 0 bash -c "source '$work/mixlint.bash' && complete -p mixlint"
has '_mixlint'
"$work/cargo/bin/mixlint" man > "$work/mixlint.1"
run 0 sh -c "man -l '$work/mixlint.1' 2>/dev/null | head -5 || head -5 '$work/mixlint.1'"

say "cargo package"
run 0 cargo package --quiet --locked --manifest-path "$work/clean/Cargo.toml"
run 0 cargo package --list --locked --manifest-path "$work/clean/Cargo.toml"
lacks 'tests/'
say "all passed"
