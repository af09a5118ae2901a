#!/usr/bin/env bash
# Vim and Emacs with the lines of docs/editors.md, on real findings, and the problem matchers as JavaScript reads them. Needs
# cargo, vim, emacs and node (Debian: vim-nox emacs-nox nodejs).
. "$(dirname "$0")/lib.sh"

program=${MIXLINT:-}
if [ -z "$program" ]; then
    (cd "$root" && env -u CARGO_TARGET_DIR cargo build --quiet --locked)
    program=$root/target/debug/mixlint
fi
PATH="$(dirname "$program"):$PATH"
cp -r "$root/fixtures/example" "$work/example"
cd "$work/example"
mkdir 'a folder'
printf 'from openai import OpenAI\nOpenAI(api_key="sk-mixroute-key", base_url="http://api.mixroute.ai/v1")\n' > 'a folder/é.py'

# block LANGUAGE: the lines of docs/editors.md in it.
block() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$root/docs/editors.md" | sed '1d;$d'; }

say "vim: :make, and what is in the quickfix list"
block vim > "$work/vimrc"
cat > "$work/list.vim" <<'EOF'
silent make
let lines = map(filter(getqflist(), 'v:val.valid'), 'bufname(v:val.bufnr) . "|" . v:val.lnum . "|" . v:val.col . "|" . v:val.type . "|" . v:val.text')
call writefile(lines, $OUT)
cfirst
call writefile([expand('%') . ' ' . line('.')], $OUT, 'a')
qall!
EOF
OUT="$work/quickfix" vim -Nes -u "$work/vimrc" -S "$work/list.vim" < /dev/null > /dev/null || true
run 0 cat "$work/quickfix"
has 'a folder/é.py|2|44|w|the key is sent to Mixroute'
has 'app.py|11|49|e|a Mixroute key'
has 'a folder/é.py 2'

say "emacs: compile, and next-error"
block elisp > "$work/init.el"
cat > "$work/list.el" <<'EOF'
(require 'compile)
(setq compilation-error-regexp-alist '(mixlint))
(defun show (buffer _how)
  (with-current-buffer buffer
    (dolist (step '(1 1))
      (with-current-buffer buffer (next-error step))
      (let ((window (window-buffer (selected-window))))
        (with-current-buffer window
          (princ (format "%s line %d column %d\n" (file-name-nondirectory buffer-file-name)
                         (line-number-at-pos) (1+ (current-column)))))))
    (princ (format "errors %d warnings %d\n" compilation-num-errors-found compilation-num-warnings-found))))
(add-hook 'compilation-finish-functions #'show)
(compile compile-command)
(while (process-live-p (get-buffer-process "*compilation*")) (accept-process-output nil 0.1))
(accept-process-output nil 0.3)
EOF
run 0 emacs --batch --quick -l "$work/init.el" -l "$work/list.el"
has 'é.py line 2 column 44'
has 'app.py line 11 column 49'
has 'errors 1 warnings 1'

say "the problem matchers as JavaScript reads them, with and without colours"
cat > "$work/match.js" <<'EOF'
const [root, ...logs] = process.argv.slice(2);
const fs = require("fs");
const patterns = [
  JSON.parse(fs.readFileSync(root + "/problem-matchers/github.json")).problemMatcher[0].pattern[0],
  JSON.parse(fs.readFileSync(root + "/problem-matchers/vscode-tasks.json")).tasks[0].problemMatcher.pattern,
];
for (const log of logs) {
  for (const pattern of patterns) {
    for (const line of fs.readFileSync(log, "utf8").trimEnd().split("\n")) {
      const groups = new RegExp(pattern.regexp).exec(line);
      if (!groups) throw new Error("not matched: " + JSON.stringify(line));
      console.log(["file", "line", "column", "severity", "code"].map((name) => groups[pattern[name]]).join(" | "));
    }
  }
}
EOF
for color in never always; do
    mixlint check --output-format concise --color $color > "$work/$color.log" || true
done
run 0 node "$work/match.js" "$root" "$work/never.log" "$work/always.log"
[ "$(printf '%s\n' "$output" | grep -c '^app.py | 11 | 49 | error | mixroute-key-at-openai$')" = 4 ]
[ "$(printf '%s\n' "$output" | grep -c '^a folder/é.py | 2 | 44 | warning | insecure-base-url$')" = 4 ]
say "all passed"
