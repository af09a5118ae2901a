# What the scripts here share. Each works in a directory of its own, which is removed in the end, prints what the tools print,
# and fails where that is not what it should be.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GIT_CONFIG_GLOBAL="$work/gitconfig" GIT_CONFIG_NOSYSTEM=1
git config --global user.name test
git config --global user.email test@example.com
git config --global init.defaultBranch main
# The programs under test are compiled for the test, not for speed.
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target/integrations}

say() { printf '\n== %s\n' "$*"; }

# run EXPECTED-CODE COMMAND...: prints the command and what it prints; the output is in $output too.
run() {
    local expected=$1 code=0
    shift
    printf '$ %s\n' "$*"
    output=$("$@" 2>&1) || code=$?
    printf '%s\n' "$output"
    if [ "$code" != "$expected" ]; then
        printf 'FAILED: exit code %s, not %s\n' "$code" "$expected"
        exit 1
    fi
}

# has TEXT: the last output has it.
has() {
    case $output in
    *"$1"*) ;;
    *)
        printf 'FAILED: no `%s` in the output\n' "$1"
        exit 1
        ;;
    esac
}

lacks() {
    case $output in
    *"$1"*)
        printf 'FAILED: `%s` in the output\n' "$1"
        exit 1
        ;;
    esac
}

# A virtual environment with some packages.
venv() {
    python3 -m venv "$1"
    "$1/bin/pip" install --quiet --disable-pip-version-check "${@:2}"
}

# wheel REPOSITORY: the wheel, in $work/dist; that of the directory $WHEELS, if there is one already.
wheel() {
    if [ -n "${WHEELS:-}" ]; then
        cp -r "$WHEELS" "$work/dist"
        return
    fi
    [ -x "$work/maturin/bin/maturin" ] || venv "$work/maturin" 'maturin>=1.8,<2'
    (cd "$1/packaging/pypi" && "$work/maturin/bin/maturin" build --quiet --release --out "$work/dist")
}

# A copy of this working tree as a repository of its own, committed and nothing else.
copy_of_repository() {
    mkdir -p "$1"
    (cd "$root" && git ls-files -z --cached --others --exclude-standard | xargs -0 sh -c 'for f; do [ ! -e "$f" ] || printf "%s\0" "$f"; done' _ | tar --null -cf - -T -) | tar -xf - -C "$1"
    git -C "$1" init -q
    git -C "$1" add -A
    git -C "$1" commit -qm 'as it is'
}
