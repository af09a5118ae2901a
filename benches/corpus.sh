#!/usr/bin/env bash
# Builds a tree to measure on, out of pinned registry packages: Python, JavaScript, TypeScript and Rust, about half of it
# about OpenAI clients, and planted files of known verdicts.
#
#   benches/corpus.sh DIRECTORY        leaves DIRECTORY/tree and, for next time, DIRECTORY/cache
#
# Needs bash, python3 with pip, npm, cargo, and some 300 MB.
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: $0 DIRECTORY" >&2; exit 2; }
mkdir -p "$1"
target=$(cd "$1" && pwd)
cache=$target/cache
tree=$target/tree

# Where, kind, name, version. `other` has nothing to do with OpenAI.
pins() {
  cat <<'LIST'
other py django 5.2.19
other py sympy 1.14.0
other npm typescript 5.9.3
other npm rxjs 7.8.2
other npm date-fns 4.4.0
other crate tokio 1.54.1
other crate serde 1.0.229
other crate regex-automata 0.4.19
subject py litellm 1.109.1
subject py langchain-community 0.4.2
subject py crewai 1.15.30
subject py semantic-kernel 1.45.0
subject py openai 3.54.0
subject npm openai 6.49.0
subject npm ai 6.0.326
subject npm @langchain/community 1.1.29
subject crate async-openai 0.43.0
subject crate rig-core 0.44.0
LIST
}

fetch() { # kind name version: the archive's path
  local dir=$cache/$1-${2//[@\/]/_}-$3
  mkdir -p "$dir"
  if [ -z "$(ls "$dir")" ]; then
    case $1 in
      py) python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary :all: -d "$dir" "$2==$3" >&2 ;;
      npm) npm pack --silent --pack-destination "$dir" "$2@$3" >/dev/null ;;
      crate)
        cargo info -q "$2@$3" >/dev/null
        cp "${CARGO_HOME:-$HOME/.cargo}"/registry/cache/*/"$2-$3.crate" "$dir/" ;;
    esac
  fi
  find "$dir" -type f
}

plant() { # the files of known verdicts, and what is to be said of each
  local mix="https://console.mixroute.io/v1" openai="https://api.openai.com/v1" tag key url verdict
  mkdir -p "$1"/{py,js,ts,rs,conf}
  while read -r tag key url verdict; do
    local literal="\"$key\"" py js rs shell=$key
    case $key in
      env:*) key=${key#env:}; py="os.environ[\"$key\"]"; js="process.env.$key"; rs="std::env::var(\"$key\").unwrap()"; shell= ;;
      *) py=$literal; js=$literal; rs=$literal ;;
    esac
    case $url in mix) url=$mix ;; openai) url=$openai ;; -) url= ;; esac
    put() { printf '%b' "$3" > "$1/$2" && printf '%s\t%s\n' "$verdict" "$2" >> "$1/EXPECTED"; }
    put "$1" "py/$tag.py" "import os\nfrom openai import OpenAI\n\nclient = OpenAI(\n    api_key=$py,\n${url:+    base_url=\"$url\",\n})\n"
    put "$1" "js/$tag.js" "import OpenAI from \"openai\";\n\nconst client = new OpenAI({\n  apiKey: $js,\n${url:+  baseURL: \"$url\",\n}});\n"
    put "$1" "ts/$tag.ts" "import OpenAI from \"openai\";\n\nexport const client: OpenAI = new OpenAI({\n  apiKey: $js,\n${url:+  baseURL: \"$url\",\n}});\n"
    put "$1" "rs/$tag.rs" "use async_openai::config::OpenAIConfig;\n\nfn main() {\n    let _ = OpenAIConfig::new().with_api_key($rs)${url:+.with_api_base(\"$url\")};\n}\n"
    if [ -n "$shell" ]; then
      put "$1" "conf/$tag.env" "OPENAI_API_KEY=$key\n${url:+OPENAI_BASE_URL=$url\n}"
      put "$1" "conf/$tag.sh" "#!/bin/sh\nexport OPENAI_API_KEY=\"$key\"\n${url:+export OPENAI_BASE_URL=\"$url\"\n}"
      put "$1" "conf/$tag.yaml" "services:\n  app:\n    environment:\n      OPENAI_API_KEY: $key\n${url:+      OPENAI_BASE_URL: $url\n}"
    fi
  done <<'CASES'
mix_no_url sk-your-mixroute-key - wrong
mix_openai_url sk-your-mixroute-key openai wrong
mix_mix_url sk-your-mixroute-key mix ok
env_mix_no_url env:MIXROUTE_API_KEY - wrong
env_mix_openai_url env:MIXROUTE_API_KEY openai wrong
env_mix_mix_url env:MIXROUTE_API_KEY mix ok
openai_mix_url sk-your-openai-key mix wrong
openai_no_url sk-your-openai-key - ok
CASES
}

stamp=$(cksum < "$0")
if [ "$(cat "$target/stamp" 2>/dev/null || true)" != "$stamp" ]; then
  rm -rf "$tree"
  mkdir -p "$tree/.git"
  pins | while read -r where kind name version; do
    archive=$(fetch "$kind" "$name" "$version" </dev/null)
    into=$tree/apps/$where/${name//\//_}-$version
    mkdir -p "$into"
    case $archive in
      *.whl) python3 -m zipfile -e "$archive" "$into" ;;
      *) tar -xzf "$archive" -C "$into" --strip-components=1 ;;
    esac
  done
  find "$tree" -type f \( -name '*.so' -o -name '*.map' -o -name '*.min.js' -o -name '*.wasm' -o -name '*.node' \) -delete
  plant "$tree/apps/planted"
  printf '%s\n' "$stamp" > "$target/stamp"
fi
echo "$tree: $(find "$tree" -type f | wc -l) files, $(du -sm --apparent-size "$tree" | cut -f1) MB"
