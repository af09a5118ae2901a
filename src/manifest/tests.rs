use proptest::prelude::*;

use super::*;
use crate::source::Source;

const MAX: u32 = u32::MAX;
const PY: Ecosystem = Ecosystem::Python;
const NPM: Ecosystem = Ecosystem::Npm;
const CARGO: Ecosystem = Ecosystem::Cargo;

fn known() -> Known<'static> {
    BTreeSet::from([
        (PY, "openai"),
        (PY, "llama-index-llms-openai"),
        (NPM, "openai"),
        (NPM, "@langchain/openai"),
        (CARGO, "async-openai"),
    ])
}

/// The version that holds in the last of nested directories, each given by its files.
fn found(dirs: &[&[(&str, &str)]], ecosystem: Ecosystem, package: &str) -> Option<Version> {
    let root = tempfile::tempdir().unwrap();
    let mut dir = root.path().to_path_buf();
    let mut places = Vec::new();
    for files in dirs {
        std::fs::create_dir_all(&dir).unwrap();
        for (name, text) in *files {
            let path = dir.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        places.insert(0, Packages::in_directory(&dir, &known()));
        dir = dir.join("inner");
    }
    version(places.iter(), ecosystem, package)
}

#[test]
fn manifests() {
    let v = |major, minor, patch| Some(Version::new(major, minor, patch));
    for (files, ecosystem, package, expected) in [
        (&[("requirements.txt", "httpx\nOpenAI[datalib]==0.28.1  # old\n")][..], PY, "openai", v(0, 28, 1)),
        (&[("requirements.txt", "openai==1.3.5 \\\n    --hash=sha256:0000\n")], PY, "openai", v(1, 3, 5)),
        (&[("requirements.txt", "openai @ https://example.org/openai.whl\n")], PY, "openai", None),
        (&[("requirements.txt", "openai-agents==0.2\n")], PY, "openai", None),
        (&[("requirements.txt", "-r base.txt\n"), ("base.txt", "openai<1\n")], PY, "openai", v(0, MAX, MAX)),
        (&[("requirements.txt", "-r requirements.txt\nopenai==1.2.3")], PY, "openai", v(1, 2, 3)),
        (&[("requirements.txt", "openai>=1\n-c pins.txt"), ("pins.txt", "openai==1.2.4")], PY, "openai", v(1, 2, 4)),
        (&[("requirements.in", "openai>=1"), ("constraints.txt", "openai<1.3")], PY, "openai", v(1, 2, MAX)),
        (&[("requirements/base.txt", "openai==1.1.0")], PY, "openai", v(1, 1, 0)),
        (&[("requirements-dev.txt", "openai==2.0"), ("requirements.txt", "openai==1.0")], PY, "openai", v(1, 0, 0)),
        (&[("pyproject.toml", "[project]\ndependencies = ['openai~=1.3.2']")], PY, "openai", v(1, 3, MAX)),
        (&[("pyproject.toml", "[project.optional-dependencies]\nx = ['openai<1']")], PY, "openai", v(0, MAX, MAX)),
        (
            &[("pyproject.toml", "[dependency-groups]\nx = ['openai<1', {include-group = 'y'}]")],
            PY,
            "openai",
            v(0, MAX, MAX),
        ),
        (&[("pyproject.toml", "[tool.poetry.dependencies]\nopenai = '^0.27.8'")], PY, "openai", v(0, 27, MAX)),
        (
            &[("pyproject.toml", "[tool.poetry.group.ai.dependencies]\nopenai = {version = '~1.2', extras = ['x']}")],
            PY,
            "openai",
            v(1, 2, MAX),
        ),
        (&[("pyproject.toml", "[tool.pdm.dev-dependencies]\nx = ['openai==0.28.1']")], PY, "openai", v(0, 28, 1)),
        (&[("pyproject.toml", "[tool.uv]\ndev-dependencies = ['openai==0.28.1']")], PY, "openai", v(0, 28, 1)),
        (
            &[("uv.lock", "version = 1\n\n[[package]]\nname = \"openai\"\nversion = \"1.2.4\"\nsource = {}\n")],
            PY,
            "openai",
            v(1, 2, 4),
        ),
        (&[("pylock.toml", "[[packages]]\nname = 'openai'\nversion = '1.2.4'\n")], PY, "openai", v(1, 2, 4)),
        (
            &[(
                "poetry.lock",
                "[[package]]\nname = \"x\"\nversion = \"9\"\n[package.dependencies]\nopenai = \">=1\"\n",
            )],
            PY,
            "openai",
            None,
        ),
        (&[("Pipfile", "[packages]\nopenai = '==0.28.0'\n")], PY, "openai", v(0, 28, 0)),
        (&[("Pipfile.lock", r#"{"default": {"openai": {"version": "==0.28.1"}}}"#)], PY, "openai", v(0, 28, 1)),
        (&[("setup.cfg", "[options]\ninstall_requires =\n    httpx\n    openai<1.0\n")], PY, "openai", v(0, MAX, MAX)),
        (&[("setup.cfg", "[options]\ninstall_requires = openai<1.0\n")], PY, "openai", v(0, MAX, MAX)),
        (&[("setup.cfg", "[other]\nx =\n  openai<1.0\n")], PY, "openai", None),
        (&[("setup.py", "setup(install_requires=['openai>=0.27,<1'])")], PY, "openai", v(0, MAX, MAX)),
        (&[("setup.py", "# setup(install_requires=['openai<1'])\nsetup(name='openai')")], PY, "openai", None),
        (&[("environment.yml", "dependencies:\n  - conda-forge::openai=0.28\n")], PY, "openai", v(0, 28, MAX)),
        (&[("environment.yml", "dependencies:\n  - pip:\n    - openai==1.2.4\n")], PY, "openai", v(1, 2, 4)),
        (&[("requirements.txt", "Llama_Index.LLMs-openai==0.3")], PY, "llama-index-llms-openai", v(0, 3, 0)),
        (&[("package.json", r#"{"dependencies": {"openai": "^4.20.0"}}"#)], NPM, "openai", v(4, MAX, MAX)),
        (&[("package.json", r#"{"peerDependencies": {"openai": "3.x"}}"#)], NPM, "openai", v(3, MAX, MAX)),
        (
            &[(
                "package-lock.json",
                r#"{"packages": {"": {"version": "9.9.9"}, "node_modules/openai": {"version": "4.20.1"}}}"#,
            )],
            NPM,
            "openai",
            v(4, 20, 1),
        ),
        (
            &[("package-lock.json", r#"{"dependencies": {"@langchain/openai": {"version": "0.3.1"}}}"#)],
            NPM,
            "@langchain/openai",
            v(0, 3, 1),
        ),
        (
            &[("yarn.lock", "# yarn lockfile v1\n\nopenai@^4.0.0, openai@^4.20.0:\n  version \"4.20.1\"\n")],
            NPM,
            "openai",
            v(4, 20, 1),
        ),
        (
            &[("yarn.lock", "\"@langchain/openai@npm:^0.3.0\":\n  version: 0.3.17\n")],
            NPM,
            "@langchain/openai",
            v(0, 3, 17),
        ),
        (
            &[(
                "pnpm-lock.yaml",
                "lockfileVersion: '9.0'\n\npackages:\n\n  openai@4.20.1:\n    engines: {}\n\nsnapshots:\n\n  openai@5.0.0:\n",
            )],
            NPM,
            "openai",
            v(4, 20, 1),
        ),
        (
            &[("pnpm-lock.yaml", "packages:\n\n  /openai@4.20.1(encoding@0.1.13):\n    x: y\n")],
            NPM,
            "openai",
            v(4, 20, 1),
        ),
        (&[("pnpm-lock.yaml", "packages:\n\n  /openai/3.3.0:\n    x: y\n")], NPM, "openai", v(3, 3, 0)),
        (
            &[("pnpm-lock.yaml", "packages:\n\n  '@langchain/openai@0.3.17(x@1)':\n    x: y\n")],
            NPM,
            "@langchain/openai",
            v(0, 3, 17),
        ),
        (
            &[("bun.lock", "{\n  \"packages\": {\n    \"openai\": [\"openai@4.20.1\", \"\", {}, \"sha\"],\n  }\n}\n")],
            NPM,
            "openai",
            v(4, 20, 1),
        ),
        (&[("deno.json", r#"{"imports": {"openai": "npm:openai@^4.20.0"}}"#)], NPM, "openai", v(4, MAX, MAX)),
        (&[("Cargo.toml", "[dependencies]\nasync-openai = \"0.30\"")], CARGO, "async-openai", v(0, 30, MAX)),
        (
            &[("Cargo.toml", "[dependencies]\nai = { package = \"async-openai\", version = \"=0.30.1\" }")],
            CARGO,
            "async-openai",
            v(0, 30, 1),
        ),
        (
            &[(
                "Cargo.lock",
                "[[package]]\nname = \"async-openai\"\nversion = \"0.30.1\"\n\n[[package]]\nname = \"x\"\nversion = \"1.0.0\"\n",
            )],
            CARGO,
            "async-openai",
            v(0, 30, 1),
        ),
        // The same name in another registry is another package.
        (&[("requirements.txt", "openai==0.28.1")], NPM, "openai", None),
        (&[("package.json", "{"), ("Cargo.toml", "["), ("pyproject.toml", "=")], PY, "openai", None),
    ] {
        assert_eq!(found(&[files], ecosystem, package), expected, "{files:?}");
    }
}

#[test]
fn nearest_request_and_its_lock() {
    let v = |major, minor, patch| Some(Version::new(major, minor, patch));
    let lock = "packages:\n\n  openai@3.3.0:\n\n  openai@4.20.1:\n\n  openai@5.1.0:\n";
    let old = r#"{"dependencies": {"openai": "^3.0.0"}}"#;
    let new = r#"{"dependencies": {"openai": "^4.0.0"}}"#;
    let none = r#"{"dependencies": {}}"#;
    for (dirs, expected) in [
        (&[&[("package.json", new)][..], &[("package.json", old)]][..], v(3, MAX, MAX)),
        (&[&[("package.json", new)], &[("package.json", none)]], v(4, MAX, MAX)),
        (&[&[("pnpm-lock.yaml", lock)], &[("package.json", old)]], v(3, 3, 0)),
        (&[&[("pnpm-lock.yaml", lock)], &[("package.json", new)]], v(4, 20, 1)),
        (&[&[("pnpm-lock.yaml", lock), ("package.json", new)], &[("package.json", none)]], v(4, 20, 1)),
        (&[&[("pnpm-lock.yaml", lock)], &[]], v(5, 1, 0)),
    ] {
        assert_eq!(found(dirs, NPM, "openai"), expected, "{dirs:?}");
    }
    let inherited = "[dependencies]\nasync-openai = { workspace = true }\n";
    let workspace = "[workspace.dependencies]\nasync-openai = \"0.30.0\"\n";
    assert_eq!(
        found(&[&[("Cargo.toml", workspace)], &[("Cargo.toml", inherited)]], CARGO, "async-openai"),
        v(0, 30, MAX)
    );
}

#[test]
fn what_a_program_says() {
    let of = |name: &str, text: &str| {
        let language = crate::language::Language::of_name(name).unwrap();
        let source = Source::new(name, language, text);
        let module = crate::extract::extract(&source).unwrap();
        let places = [of_source(&source, &module, &known())];
        let ecosystem = Ecosystem::of_language(language.name()).unwrap();
        version(places.iter(), ecosystem, "openai")
    };
    let script = "# /// script\n# requires-python = \">=3.9\"\n# dependencies = [\n#   \"openai<1\",\n# ]\n# ///\nimport openai\n";
    assert_eq!(of("a.py", script), Some(Version::new(0, MAX, MAX)));
    assert_eq!(of("a.py", "# /// script\n# dependencies = [\"openai<1\"\n"), None);
    assert_eq!(of("a.py", "# !pip install -q \"openai==0.28\" httpx\n"), Some(Version::new(0, 28, 0)));
    assert_eq!(of("a.py", "# !pip install openai\n"), None);
    assert_eq!(of("a.ts", "import OpenAI from \"npm:openai@3.3.0\";\n"), Some(Version::new(3, 3, 0)));
    assert_eq!(
        of("a.ts", "import OpenAI from \"https://esm.sh/openai@4.20.1/index.mjs\";\n"),
        Some(Version::new(4, 20, 1))
    );
    assert_eq!(of("a.ts", "import OpenAI from \"openai\";\n"), None);
}

proptest! {
    #[test]
    fn nothing_panics(text in "\\PC{0,60}", odd in "[-@/:\"'\\[\\]{}=<>~.,a-z0-9#_() \n]{0,80}") {
        let names = [
            "uv.lock", "pylock.toml", "Pipfile.lock", "pyproject.toml", "Pipfile", "setup.cfg", "setup.py",
            "environment.yml", "package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock",
            "deno.json", "Cargo.toml", "constraints.txt", "requirements.txt",
        ];
        let entry = format!("packages:\n  {odd}\n[[package]]\nname = {odd}\nversion = {odd}\n%pip install {odd}");
        for text in [text, odd, entry] {
            for name in names {
                let (_, read) = reader(name).unwrap();
                read(Path::new("/nonexistent"), &text, &mut |_, _| {});
            }
            let source = Source::new("a.py", crate::language::Language::Python, text);
            of_source(&source, &crate::facts::Module::default(), &known());
        }
    }
}
