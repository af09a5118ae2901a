#!/usr/bin/env bash
# SARIF, read by libraries other than the one that writes it. Needs Python, cargo and a package index.
. "$(dirname "$0")/lib.sh"

(cd "$root" && env -u CARGO_TARGET_DIR cargo build --quiet --locked)
venv "$work/tools" sarif-tools sarif-pydantic
cp -r "$root/fixtures/example" "$work/example"
cd "$work/example"
echo 'moderation = OpenAI(api_key=RELAY_KEY)  # mixlint: ignore[mixroute-key-without-base-url] a test' >> app.py
"$root/target/debug/mixlint" check --output-format sarif > "$work/mixlint.sarif" || [ $? = 1 ]

say "sarif-tools"
run 0 "$work/tools/bin/sarif" summary "$work/mixlint.sarif"
has 'mixroute-key-at-openai'
run 0 "$work/tools/bin/sarif" csv -o "$work/mixlint.csv" "$work/mixlint.sarif"
run 0 cat "$work/mixlint.csv"
has 'app.py'

say "sarif-pydantic"
cat > "$work/read.py" <<'EOF'
import sys
from sarif_pydantic import Sarif
log = Sarif.model_validate_json(open(sys.argv[1]).read())
run = log.runs[0]
print("rules", len(run.tool.driver.rules), "results", len(run.results))
for result in run.results:
    steps = [step for flow in result.code_flows or [] for thread in flow.thread_flows for step in thread.locations]
    print(result.rule_id, result.level.value, "steps", len(steps), "suppressed", len(result.suppressions or []))
EOF
run 0 "$work/tools/bin/python" "$work/read.py" "$work/mixlint.sarif"
has 'mixroute-key-at-openai error'
has 'mixroute-key-without-base-url error'
has 'suppressed 1'
say "all passed"
