use crate::extract::testing::{arguments, shows, spans, survives};

const FILE: &str = r#"# KEYS
include .env
export MIX_KEY
OPENAI_BASE_URL ?= https://h/v1  # default
export OPENAI_API_KEY := $(MIX_KEY)
QUOTED = "k$$x"
LONG = a \
	b
SHELL_KEY := $(shell cat KEY)
define HELP
API_KEY = no
endef
ifdef CI
export CI_KEY = c
else ifeq ($(X),y)
CI_KEY = d
endif

chat: deps
	@python chat.py --key "$$OPENAI_API_KEY"
	-curl '$(OPENAI_BASE_URL)/models' \
		-H "Authorization: Bearer ${MIX_KEY}" -o $@
test: export OPENAI_BASE_URL = https://t/v1
test: ; OPENAI_API_KEY=t pytest
"#;

#[test]
fn variables_and_recipes() {
    shows(
        "Makefile",
        FILE,
        r#"
fn1 _() script
    OPENAI_BASE_URL = env(OPENAI_BASE_URL or "https://h/v1")
    OPENAI_API_KEY = env(MIX_KEY)
    QUOTED = "\"k$x\""
    LONG = "a b"
    SHELL_KEY = ?
    when make-ifdefCI
        CI_KEY = "c"
    when !make-ifdefCI & make-ifeqXy
        CI_KEY = "d"
    when !make-ifdefCI & !make-ifeqXy
    when make-target
        OPENAI_BASE_URL = "https://t/v1"
    when !make-target
fn2 _() script
    python("chat.py", "--key", env(OPENAI_API_KEY))
    curl(url=env(OPENAI_BASE_URL) ++ "/models", header="Authorization: Bearer " ++ env(MIX_KEY))
fn3 _() script
    pytest()
env0 Shell "Makefile" open extended runs
    file .env
    OPENAI_BASE_URL = env(OPENAI_BASE_URL or "https://h/v1")
    OPENAI_API_KEY = env(MIX_KEY)
    OPENAI_BASE_URL = ?
env1 Shell "pytest" in 0 runs
    OPENAI_API_KEY = "t"
"#,
    );
}

#[test]
fn spans_are_the_values() {
    let text = "export A_KEY := \"k1\" # c\r\nexport\tB_KEY =k2\r\nexport C_KEY = \\\r\n\tk3\r\nexport D_KEY ?= k4\r\n";
    assert_eq!(spans("Makefile", text)[..3], ["A_KEY=\"k1\"", "B_KEY=k2", "C_KEY=k3"]);
    let recipe = "a:\r\n\t@curl \\\r\n\t  https://é/v1 \\\r\n\t  -H 'Authorization: Bearer $(KEY)'\r\n";
    assert_eq!(arguments("rules.mk", recipe), ["https://é/v1", "Authorization: Bearer $(KEY)"]);
}

#[test]
fn hostile_input_ends() {
    survives("Makefile", FILE);
    survives("Makefile", "$\n$(\n${${${\nA=$(\na:\n\t'\n\t$(\ndefine\nelse\nendif\nA=\\\n\\");
}
