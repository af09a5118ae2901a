#!/usr/bin/env bash
# Instructions of fixed small runs, so that a change's cost can be seen on a noisy machine.
#
#   benches/instructions.sh [PROGRAM]     default: target/release/mixlint; needs valgrind
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "${1:-target/release/mixlint}")
count() {
  local name=$1
  shift
  # Exit code 1: there are findings.
  { valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$@" >/dev/null || [ $? -eq 1 ]; } 2>&1 |
    awk -v name="$name" '/Collected/ { printf "%-28s %15.0f\n", name, $NF }'
}
count version --version
count "check, one file" check -j 1 --no-config fixtures/example/app.py
count "check fixtures/hazards" check -j 1 --no-config fixtures/hazards
count "routes fixtures/hazards" routes -j 1 --no-config fixtures/hazards
