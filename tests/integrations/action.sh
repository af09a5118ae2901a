#!/usr/bin/env bash
# The scripts of action.yml as a runner runs them, with inputs that try to break out, and the commands of docs/ci.md. Needs
# cargo, Python and a package index (for a YAML parser).
. "$(dirname "$0")/lib.sh"

(cd "$root" && env -u CARGO_TARGET_DIR cargo build --quiet --locked)
PATH="$root/target/debug:$PATH"
venv "$work/tools" pyyaml
# script NAME: the script of a step.
script() {
    "$work/tools/bin/python" - "$root/action.yml" "$1" <<'EOF'
import sys, yaml
steps = yaml.safe_load(open(sys.argv[1]))["runs"]["steps"]
print(next(step["run"] for step in steps if step["name"] == sys.argv[2]))
EOF
}
script Check > "$work/check.sh"
script 'Install mixlint' > "$work/install.sh"

say "no expression stands in a script, every input comes through env"
run 1 grep -n '\${{' "$work/check.sh" "$work/install.sh"
run 0 "$work/tools/bin/python" - "$root/action.yml" "$root"/.github/workflows/*.yml <<'EOF'
import sys, yaml
for path in sys.argv[1:]:
    data = yaml.safe_load(open(path))
    jobs = data["jobs"].values() if "jobs" in data else [data["runs"]]
    steps = [step for job in jobs for step in job["steps"]]
    assert all("${{" not in step.get("run", "") for step in steps), path
    print(path.rsplit("/", 1)[1], len(steps), "steps")
EOF

cp -r "$root/fixtures/example" "$work/example"
git init -q "$work/example"
mkdir "$work/example/sub"
cp "$work"/example/*.py "$work/example/sub"
cd "$work/example"
# action EXPECTED-CODE NAME=VALUE...
action() {
    local expected=$1
    shift
    : > "$work/output"
    run "$expected" env INPUT_PATHS=. INPUT_ARGS= INPUT_DIRECTORY=. INPUT_SARIF= INPUT_FAIL=true \
        GITHUB_OUTPUT="$work/output" "$@" bash --noprofile --norc -eo pipefail "$work/check.sh"
}

say "annotations"
action 1
has '::error title=mixlint (mixroute-key-at-openai),file=app.py,line=11,col=49,endLine=11,endColumn=76::a Mixroute key'
run 0 cat "$work/output"
has 'exit-code=1'

say "findings pass, and SARIF is written"
action 0 INPUT_FAIL=false INPUT_SARIF=mixlint.sarif
run 0 "$work/tools/bin/python" -c 'import json; log = json.load(open("mixlint.sarif")); print(len(log["runs"][0]["results"]), "results")'
rm mixlint.sarif

say "in a directory below, paths are still those of the repository"
action 1 INPUT_DIRECTORY=sub
has 'file=sub/app.py'

say "paths and arguments of several lines"
action 0 INPUT_PATHS=$'settings.py\n\n' INPUT_ARGS=$'--ignore\nforeign-key'

say "inputs are never run"
action 2 INPUT_PATHS='$(touch "$HOME/pwned"); `touch pwned`; touch pwned'
action 2 INPUT_ARGS='"; touch pwned; "'
action 2 INPUT_PATHS='--output-format=json'
[ ! -e pwned ] && [ ! -e "$HOME/pwned" ]

say "a runner that has mixlint installs nothing"
run 0 env ACTION_PATH=/nowhere bash -eo pipefail "$work/install.sh"

say "GitLab's job and the plain shell, as docs/ci.md has them"
git add -A
git commit -qm all
# The commands of the document that run mixlint, but for the one that needs a matcher file at its place.
grep -oE '^ *(- |- run: )?(git diff .*\| )?mixlint check .*' "$root/docs/ci.md" | sed -E 's/^ *(- run: |- )?//' | sort -u > "$work/recipes"
[ "$(wc -l < "$work/recipes")" -ge 5 ]
git checkout -q -b change
echo '# changed' >> app.py
git commit -qam change
git update-ref refs/remotes/origin/main main
while read -r recipe; do
    run 1 bash -c "$recipe"
done < "$work/recipes"
run 0 "$work/tools/bin/python" -c 'import json; print([(issue["location"]["path"], issue["severity"]) for issue in json.load(open("gl-code-quality-report.json"))])'
has "('app.py', 'critical')"
say "all passed"
