#!/usr/bin/env bash
# mixlint beside its peers on one tree: wall and CPU time, peak memory, the ratio to ripgrep for the same words, and which
# planted verdicts each gets right; then how mixlint's cost grows with the tree.
#
#   benches/compare.sh [--rounds N] [--only NAME,NAME] [TREE]
#
# Without a TREE it builds the one of benches/corpus.sh in target/bench. Rounds (default: 21, of the slow peers 1) are run in
# turn, so that what else the machine does hits all alike; figures are medians. Peers are installed by name, in
# target/bench/peers: ruff, semgrep, ast-grep and kingfisher (a secret scanner) with pip, ripgrep with cargo unless it is there.
# Needs GNU time and python3. Nothing here is a test: figures are read by people.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=21 only=
while [[ ${1:-} == --* ]]; do
  case $1 in
    --rounds) rounds=$2 ;;
    --only) only=$2 ;;
    *) echo "usage: $0 [--rounds N] [--only NAME,NAME] [TREE]" >&2; exit 2 ;;
  esac
  shift 2
done
here=$PWD/target/bench
mkdir -p "$here"
if [ $# -gt 0 ]; then tree=$(realpath "$1"); else benches/corpus.sh "$here" && tree=$here/tree; fi
program=${MIXLINT:-$PWD/target/release/mixlint}
[ -n "${MIXLINT:-}" ] || cargo build --release --locked -q
rules=$PWD/benches/peers
threads=$(nproc)

wanted() { [ -z "$only" ] || [[ ",$only," == *",$1,"* ]]; }

peers=$here/peers
install() { # program package
  wanted "$1" || return 0
  [ -x "$peers/bin/$1" ] && return 0
  [ -d "$peers" ] || python3 -m venv "$peers"
  "$peers/bin/pip" install -q --disable-pip-version-check "$2" >&2 || echo "$1 cannot be installed: left out" >&2
}
install ruff ruff
install semgrep semgrep
install ast-grep ast-grep-cli
install kingfisher kingfisher-bin
rg=$(command -v rg || true)
if [ -z "$rg" ]; then
  cargo install -q --root "$here/cargo" ripgrep >&2
  rg=$here/cargo/bin/rg
fi

# One run: wall, user + system, peak KiB. What the program says is kept for the verdicts.
measure() { # name command...
  local name=$1
  shift
  /usr/bin/time -o "$here/time" -f '%e %U %S %M' "$@" >"$here/$name.out" 2>"$here/$name.err" || true
  tail -1 "$here/time" | awk '{ printf "%.3f %.3f %d\n", $1, $2 + $3, $4 }' >> "$here/$name.times"
}

command_of() { # name: the command, one word a line
  case $1 in
    ripgrep) printf '%s\n' "$rg" -j "$threads" -c -i -e openai -e mixroute -e sk- "$tree" ;;
    mixlint) printf '%s\n' "$program" check --no-config -j "$threads" --output-format concise "$tree" ;;
    mixlint-all) printf '%s\n' "$program" check --no-config -j "$threads" --output-format concise --no-prefilter "$tree" ;;
    ast-grep) printf '%s\n' "$peers/bin/ast-grep" scan -c "$rules/ast-grep/sgconfig.yml" --report-style short "$tree" ;;
    semgrep) printf '%s\n' "$peers/bin/semgrep" scan --metrics off --disable-version-check --oss-only -q -j "$threads" \
      --config "$rules/semgrep.yml" --emacs "$tree" ;;
    ruff) printf '%s\n' "$peers/bin/ruff" check --isolated --no-cache --select S105 --output-format concise "$tree" ;;
    kingfisher) printf '%s\n' "$peers/bin/kingfisher" scan --no-validate --no-update-check --jobs "$threads" "$tree" ;;
  esac
}

names=()
for name in ripgrep mixlint mixlint-all ruff kingfisher ast-grep semgrep; do
  case $name in ruff | kingfisher | ast-grep | semgrep) [ -x "$peers/bin/$name" ] || continue ;; esac
  if wanted "$name" || [ "$name" = ripgrep ]; then names+=("$name"); fi
done
rm -f "$here"/*.times
for name in "${names[@]}"; do # the cache of the file system is warm then
  case $name in ripgrep | mixlint) mapfile -t command < <(command_of "$name"); "${command[@]}" >/dev/null 2>&1 || true ;; esac
done
for ((round = 1; round <= rounds; round++)); do
  for name in "${names[@]}"; do
    case $name in mixlint-all | ruff | kingfisher | ast-grep | semgrep) [ "$round" = 1 ] || continue ;; esac
    mapfile -t command < <(command_of "$name")
    measure "$name" "${command[@]}"
  done
done

median() { cut -d' ' -f"$2" "$1" | sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }
base=$(median "$here/ripgrep.times" 1)
base_cpu=$(median "$here/ripgrep.times" 2)
planted=$(find "$tree" -path '*/planted/EXPECTED' | head -1)

# A planted file is told to be wrong where the output names it.
verdicts() { # name
  [ -n "$planted" ] || { echo -; return; }
  local right=0 all=0 verdict file said
  while IFS=$'\t' read -r verdict file; do
    all=$((all + 1))
    said=ok
    grep -qF "planted/$file" "$here/$1.out" && said=wrong
    [ "$said" = "$verdict" ] && right=$((right + 1))
  done < "$planted"
  echo "$right of $all"
}

echo
echo "$tree: $(find "$tree" -type f | wc -l) files, $(du -sm --apparent-size "$tree" | cut -f1) MB; $threads threads, $rounds rounds"
printf '%-12s %9s %9s %9s %9s %9s  %s\n' "" "wall s" "CPU s" "peak MiB" "x ripgrep" "x its CPU" "planted verdicts"
for name in "${names[@]}"; do
  wall=$(median "$here/$name.times" 1) cpu=$(median "$here/$name.times" 2) peak=$(median "$here/$name.times" 3)
  case $name in ripgrep) right=- ;; *) right=$(verdicts "$name") ;; esac
  awk -v name="$name" -v wall="$wall" -v cpu="$cpu" -v peak="$peak" -v base="$base" -v base_cpu="$base_cpu" -v right="$right" \
    'BEGIN { printf "%-12s %9.3f %9.3f %9d %9.2f %9.2f  %s\n", name, wall, cpu, peak / 1024, wall / (base ? base : 0.001),
      cpu / (base_cpu ? base_cpu : 0.001), right }'
done
if [ -f "$here/mixlint-all.out" ] && [ -f "$here/mixlint.out" ]; then
  if cmp -s "$here/mixlint.out" "$here/mixlint-all.out"; then echo "with and without the prefilter: the same"; else echo "with and without the prefilter: NOT THE SAME"; fi
fi

# Parts of the tree: of every eight folders of packages one, two, four, and all.
mapfile -t packages < <(find "$tree" -mindepth 3 -maxdepth 3 -type d -not -path '*/.git/*' | sort)
echo
printf '%-12s %9s %9s %9s %9s %12s %12s\n' part files MB "wall s" "CPU s" "us a file" "ms a MB"
for part in 1 2 4 8; do
  list=()
  for index in "${!packages[@]}"; do [ $((index % 8)) -lt "$part" ] && list+=("${packages[$index]}"); done
  [ ${#list[@]} -gt 0 ] || continue
  files=$(find "${list[@]}" -type f | wc -l)
  size=$(du -cm --apparent-size "${list[@]}" | tail -1 | cut -f1)
  rm -f "$here/part.times"
  for ((round = 1; round <= (rounds + 2) / 3; round++)); do
    measure part "$program" check --no-config -j "$threads" --output-format concise "${list[@]}"
  done
  awk -v part="$part/8" -v files="$files" -v size="$size" -v wall="$(median "$here/part.times" 1)" -v cpu="$(median "$here/part.times" 2)" \
    'BEGIN { printf "%-12s %9d %9d %9.3f %9.3f %12.1f %12.2f\n", part, files, size, wall, cpu, wall * 1e6 / files, wall * 1e3 / (size ? size : 1) }'
done

# What a hook pays for one file, over what the process itself costs.
echo
one=$(find "$tree" -path '*/planted/py/mix_no_url.py' | head -1)
if [ -n "$one" ]; then
  python3 - "$program" "$one" "$rounds" <<'PY'
import statistics, subprocess, sys, time
program, one, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
commands = {"--version": [program, "--version"], "check one-file.py": [program, "check", "--no-config", one]}
times = {name: [] for name in commands}
for _ in range(rounds * 5):
    for name, command in commands.items():
        begun = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times[name].append((time.perf_counter() - begun) * 1000)
for name, all_times in times.items():
    print(f"{name:20} {statistics.median(all_times):8.2f} ms")
PY
fi
