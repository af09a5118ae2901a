#!/usr/bin/env bash
# Both hooks with the real pre-commit from PyPI, in a scratch repository. Needs Python, cargo and a package
# index. Arguments: the hooks to try; both by default.
. "$(dirname "$0")/lib.sh"

venv "$work/tools" pre-commit
PATH="$work/tools/bin:$PATH"
export PRE_COMMIT_HOME="$work/cache"
copy_of_repository "$work/mixlint"
rev=$(git -C "$work/mixlint" rev-parse HEAD)
wheel "$work/mixlint"
# Where pip looks for the wheel that is not published yet.
export PIP_FIND_LINKS="$work/dist" PIP_DISABLE_PIP_VERSION_CHECK=1

key='os.environ["MIXROUTE_API_KEY"]'
good="import os
from openai import OpenAI

client = OpenAI(api_key=$key, base_url=\"https://console.mixroute.io/v1\")"
bad="import os
from openai import OpenAI

client = OpenAI(api_key=$key)"

[ $# -gt 0 ] || set -- mixlint mixlint-wheel
for hook in "$@"; do
    say "hook $hook"
    project="$work/project-$hook"
    git init -q "$project"
    cd "$project"
    cat > .pre-commit-config.yaml <<EOF
repos:
  - repo: $work/mixlint
    rev: $rev
    hooks:
      - id: $hook
EOF
    git add .pre-commit-config.yaml
    run 0 pre-commit install --install-hooks

    say "a bad commit is stopped"
    echo "$bad" > app.py
    git add app.py
    run 1 git commit -m bad
    has 'mixroute-key-without-base-url'
    run 0 git status --short
    has 'A  app.py'

    say "a good one passes"
    echo "$good" > app.py
    git add app.py
    run 0 git commit -m good
    has 'Passed'

    say "one staged file is judged with its project's .env, which is not committed"
    echo .env > .gitignore
    echo 'OPENAI_BASE_URL=https://console.mixroute.io/v1' > .env
    echo "$bad" > worker.py
    git add .gitignore worker.py
    run 0 git commit -m 'the base URL is in .env'
    has 'Passed'
    echo 'OPENAI_BASE_URL=https://api.openai.com/v1' > .env
    echo "# changed" >> worker.py
    git add worker.py
    run 1 git commit -m 'the wrong base URL is in .env'
    has 'mixroute-key-at-openai'
    git reset -q --hard

    say "run --all-files"
    rm .env
    run 1 pre-commit run --all-files
    has 'worker.py'
    lacks 'app.py:'

    say "excludes are honoured, though the files are given"
    printf 'exclude = ["worker.py"]\n' > mixlint.toml
    git add mixlint.toml
    run 0 pre-commit run --all-files
    has 'Passed'
    run 0 git commit -m exclude
done
say "all passed"
