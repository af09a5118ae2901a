//! Which language a file is in: by name, then extension, then `#!` line.

/// A language that has an extractor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// Python.
    Python,
    /// JavaScript, with JSX.
    JavaScript,
    /// TypeScript.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
    /// Components and pages, of which the scripts are read: Vue, Svelte, Astro, HTML.
    Component,
    /// Rust.
    Rust,
    /// bash, sh, zsh.
    Shell,
    /// PowerShell.
    PowerShell,
    /// fish.
    Fish,
    /// cmd's batch files.
    Batch,
    /// Dockerfile, Containerfile.
    Dockerfile,
    /// Makefile.
    Make,
    /// justfile.
    Just,
    /// systemd's units, Podman's containers.
    Systemd,
    /// Procfile.
    Procfile,
    /// dotenv.
    Dotenv,
    /// YAML.
    Yaml,
    /// JSON, with comments or without.
    Json,
    /// TOML.
    Toml,
    /// INI files: sections of `name = value` lines; Java's properties.
    Ini,
    /// A Jupyter notebook, of which the Python is read.
    Notebook,
    /// Terraform and other HCL.
    Terraform,
    /// Requests as editors send them: `.http`, `.rest`.
    Http,
    /// Markdown, of which the blocks of code are read.
    Markdown,
}

impl Language {
    /// The name used in the catalogue and in reports; the dialects of JavaScript share one.
    pub fn name(self) -> &'static str {
        match self {
            Self::Python | Self::Notebook => "python",
            Self::JavaScript | Self::TypeScript | Self::Tsx | Self::Component => "javascript",
            Self::Rust => "rust",
            Self::Shell => "shell",
            Self::PowerShell => "powershell",
            Self::Fish => "fish",
            Self::Batch => "batch",
            Self::Dockerfile => "dockerfile",
            Self::Make => "make",
            Self::Just => "just",
            Self::Systemd => "systemd",
            Self::Procfile => "procfile",
            Self::Dotenv => "dotenv",
            Self::Yaml => "yaml",
            Self::Json => "json",
            Self::Toml => "toml",
            Self::Ini => "ini",
            Self::Terraform => "terraform",
            Self::Http => "http",
            Self::Markdown => "markdown",
        }
    }

    /// Whether it is a programming language, as opposed to one of configuration and scripts.
    pub fn is_code(self) -> bool {
        matches!(self, Self::Python | Self::Rust) || self.is_javascript()
    }

    /// Whether it is JavaScript in one of its dialects.
    pub fn is_javascript(self) -> bool {
        matches!(self, Self::JavaScript | Self::TypeScript | Self::Tsx | Self::Component)
    }

    /// The language of a file by its name alone.
    pub fn of_name(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        if is_dotenv(&lower) {
            return Some(Self::Dotenv);
        }
        if matches!(
            lower.as_str(),
            ".envrc" | ".bashrc" | ".bash_profile" | ".zshrc" | ".zshenv" | ".zprofile" | ".profile" | ".bash_aliases"
        ) {
            return Some(Self::Shell);
        }
        if lower == "oai_config_list" {
            return Some(Self::Json);
        }
        if is_no_setting(&lower) {
            return None;
        }
        if let Some(language) = of_build_file(&lower) {
            return Some(language);
        }
        let extension = lower.rsplit_once('.').map(|(_, extension)| extension)?;
        Some(match extension {
            "py" | "pyi" | "pyw" => Self::Python,
            "js" | "jsx" | "mjs" | "cjs" => Self::JavaScript,
            "ts" | "mts" | "cts" => Self::TypeScript,
            "tsx" => Self::Tsx,
            "vue" | "svelte" | "astro" | "html" | "htm" => Self::Component,
            "rs" => Self::Rust,
            "sh" | "bash" | "zsh" | "ksh" | "bats" => Self::Shell,
            "ps1" | "psm1" => Self::PowerShell,
            "fish" => Self::Fish,
            "bat" | "cmd" => Self::Batch,
            "mk" => Self::Make,
            "just" => Self::Just,
            "service" | "container" => Self::Systemd,
            "yaml" | "yml" => Self::Yaml,
            "json" | "jsonc" | "json5" | "code-workspace" => Self::Json,
            "toml" => Self::Toml,
            "ini" | "cfg" | "properties" => Self::Ini,
            "ipynb" => Self::Notebook,
            "tf" | "tfvars" | "hcl" | "nomad" => Self::Terraform,
            "http" | "rest" => Self::Http,
            "md" | "markdown" | "mdx" => Self::Markdown,
            _ => return None,
        })
    }

    /// The language that a block of code in a document is said to be in.
    pub fn of_fence(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "python" | "py" | "python3" | "pycon" => Self::Python,
            "javascript" | "js" | "jsx" | "mjs" | "cjs" | "node" => Self::JavaScript,
            "typescript" | "ts" | "mts" => Self::TypeScript,
            "tsx" => Self::Tsx,
            "vue" | "svelte" | "astro" | "html" => Self::Component,
            "rust" | "rs" => Self::Rust,
            "sh" | "bash" | "shell" | "zsh" | "console" | "shell-session" | "terminal" | "curl" => Self::Shell,
            "powershell" | "pwsh" | "ps1" => Self::PowerShell,
            "dotenv" | "env" | ".env" => Self::Dotenv,
            "yaml" | "yml" => Self::Yaml,
            "json" | "jsonc" | "json5" => Self::Json,
            "toml" => Self::Toml,
            "ini" | "properties" => Self::Ini,
            "hcl" | "terraform" | "tf" => Self::Terraform,
            "http" | "rest" => Self::Http,
            _ => return None,
        })
    }

    /// Whether a file of it is there to be read by people: what it shows may be wrong on purpose.
    pub fn is_document(self) -> bool {
        self == Self::Markdown
    }

    /// The language that a `#!` line names.
    pub fn of_shebang(first_line: &str) -> Option<Self> {
        let line = first_line.strip_prefix("#!")?;
        let mut words = line.split_ascii_whitespace();
        let mut program = words.next()?.rsplit('/').next()?;
        if program == "env" {
            program = words.find(|word| !word.starts_with('-') && !word.contains('='))?;
            program = program.rsplit('/').next()?;
        }
        let program = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        Some(match program {
            "python" | "pypy" | "uv" => Self::Python,
            "node" | "bun" | "deno" => Self::JavaScript,
            "ts-node" | "tsx" => Self::TypeScript,
            "sh" | "bash" | "zsh" | "dash" | "ksh" => Self::Shell,
            "pwsh" => Self::PowerShell,
            "fish" => Self::Fish,
            "make" | "gmake" => Self::Make,
            "just" => Self::Just,
            _ => return None,
        })
    }
}

/// The files by which images are built and programs are run: `Dockerfile`, `Dockerfile.dev`, `api.Dockerfile`.
fn of_build_file(lower: &str) -> Option<Language> {
    let first = lower.split('.').next().unwrap_or(lower);
    let last = lower.rsplit('.').next().unwrap_or(lower);
    let image = |word: &str| matches!(word, "dockerfile" | "containerfile");
    let written =
        !matches!(last, "dockerignore" | "md" | "py" | "js" | "ts" | "sh" | "yml" | "yaml" | "json" | "html" | "rs");
    if (image(first) && written) || image(last) {
        return Some(Language::Dockerfile);
    }
    Some(match lower {
        "makefile" | "gnumakefile" => Language::Make,
        "justfile" | ".justfile" => Language::Just,
        "procfile" => Language::Procfile,
        "supervisord.conf" => Language::Ini,
        _ => return None,
    })
}

/// Whether a file of this (lower-case) name holds `NAME=value` lines: `.env`, `.env.local`, `prod.env`, `.flaskenv`,
/// `.dev.vars`; not `.envrc`, which is shell, and not `.env.py`.
pub fn is_dotenv(lower: &str) -> bool {
    if matches!(lower, ".flaskenv" | ".dev.vars" | ".sgptrc") || lower.starts_with(".dev.vars.") {
        return true;
    }
    if let Some(rest) = lower.strip_prefix(".env").or_else(|| lower.strip_prefix("env.")) {
        let suffix = rest.rsplit_once('.').map_or(rest, |(_, suffix)| suffix);
        let code = matches!(
            suffix,
            "py" | "js"
                | "ts"
                | "mjs"
                | "cjs"
                | "mts"
                | "cts"
                | "tsx"
                | "jsx"
                | "rs"
                | "sh"
                | "yaml"
                | "yml"
                | "json"
                | "toml"
                | "md"
                | "d"
                | "enc"
                | "gpg"
                | "age"
                | "swp"
                | "bak~"
                | "go"
                | "java"
                | "rb"
                | "php"
                | "html"
        );
        let dotted = lower.starts_with(".env");
        return !code
            && (rest.is_empty() || (dotted && rest.starts_with(['.', '-', '_'])) || (!dotted && is_mode(rest)));
    }
    lower.ends_with(".env")
}

/// Whether a file of this (lower-case) name sets nothing for anyone: written by a package manager, or our own.
fn is_no_setting(lower: &str) -> bool {
    matches!(
        lower,
        "package-lock.json"
            | "npm-shrinkwrap.json"
            | "pnpm-lock.yaml"
            | "packages.lock.json"
            | "mixlint.toml"
            | ".mixlint.toml"
    )
}

/// The second half of `env.example` and the like: without a leading dot only well-known words count.
fn is_mode(word: &str) -> bool {
    matches!(word, "example" | "sample" | "template" | "dist" | "local" | "development" | "production" | "test")
}

/// Whether programs load a file of this name by themselves: `.env` and its variants, but not examples, and not
/// `prod.env`, which somebody has to name.
pub fn is_loaded_dotenv(name: &str) -> bool {
    name.starts_with('.') && is_dotenv(&name.to_ascii_lowercase()) && !is_example(name)
}

/// Whether a dotenv file is an example to copy, which feeds no code.
pub fn is_example(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["example", "sample", "template", "dist", "tmpl", "default", "defaults"]
        .iter()
        .any(|word| lower.split(['.', '-', '_']).any(|part| part == *word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_name() {
        for (name, language) in [
            ("app.py", Some(Language::Python)),
            ("a.MJS", Some(Language::JavaScript)),
            ("x.d.ts", Some(Language::TypeScript)),
            ("App.vue", Some(Language::Component)),
            ("index.html", Some(Language::Component)),
            (".env", Some(Language::Dotenv)),
            (".env.production.local", Some(Language::Dotenv)),
            ("prod.env", Some(Language::Dotenv)),
            ("env.example", Some(Language::Dotenv)),
            (".envrc", Some(Language::Shell)),
            ("env.py", Some(Language::Python)),
            (".env.ts", Some(Language::TypeScript)),
            ("environment", None),
            ("settings.JSON", Some(Language::Json)),
            ("tsconfig.jsonc", Some(Language::Json)),
            ("config.toml", Some(Language::Toml)),
            ("config.ini", Some(Language::Ini)),
            ("supervisord.conf", Some(Language::Ini)),
            ("nginx.conf", None),
            ("package-lock.json", None),
            ("pnpm-lock.yaml", None),
            ("envoy.yaml", Some(Language::Yaml)),
            ("README", None),
            ("Dockerfile", Some(Language::Dockerfile)),
            ("Dockerfile.prod", Some(Language::Dockerfile)),
            ("api.dockerfile", Some(Language::Dockerfile)),
            (".dockerignore", None),
            ("Dockerfile.dockerignore", None),
            ("Makefile", Some(Language::Make)),
            ("rules.mk", Some(Language::Make)),
            (".justfile", Some(Language::Just)),
            ("chat.service", Some(Language::Systemd)),
            ("chat.service.ts", Some(Language::TypeScript)),
            ("setup.bat", Some(Language::Batch)),
            ("config.fish", Some(Language::Fish)),
            ("Procfile", Some(Language::Procfile)),
        ] {
            assert_eq!(Language::of_name(name), language, "{name}");
        }
    }

    #[test]
    fn by_shebang() {
        for (line, language) in [
            ("#!/usr/bin/env python3.12", Some(Language::Python)),
            ("#!/usr/bin/env -S node --no-warnings", Some(Language::JavaScript)),
            ("#!/bin/bash -e", Some(Language::Shell)),
            ("#!/usr/bin/perl", None),
            ("# no", None),
        ] {
            assert_eq!(Language::of_shebang(line), language, "{line}");
        }
    }

    #[test]
    fn examples() {
        assert!(is_example(".env.example"));
        assert!(is_example("sample.env"));
        assert!(!is_example(".env.production"));
    }
}
