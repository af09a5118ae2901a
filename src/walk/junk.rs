//! Directories of other people's code and of build output.
//!
//! `dist`, `build` and `out` are also names of source directories, and a package from npm has its code in `dist`. They
//! are left out only where the manifest beside them says that something builds them: a `package.json` that does not
//! name them as what the package exports, or Python's `build` with what setuptools puts into it. In a repository,
//! `.gitignore` says it anyway.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What a virtual environment has, whatever its name.
pub(super) const ENVIRONMENT: &str = "pyvenv.cfg";

/// Whether a directory is not to be entered.
pub fn is_junk(dir: &Path) -> bool {
    is_named_so(dir) || dir.join(ENVIRONMENT).exists()
}

/// The same, without a look into a directory of any name.
pub(super) fn is_named_so(dir: &Path) -> bool {
    let Some(name) = dir.file_name().and_then(|name| name.to_str()) else { return false };
    match name {
        "node_modules" | "bower_components" | "site-packages" | "dist-packages" | "__pycache__" | "vendor"
        | "third_party" | ".venv" | ".tox" | ".nox" | ".git" | ".hg" | ".svn" | ".next" | ".nuxt" | ".output"
        | ".svelte-kit" => true,
        "target" => dir.join("CACHEDIR.TAG").exists() || beside(dir, "Cargo.toml"),
        "dist" | "build" | "out" => is_output(dir, name),
        _ => false,
    }
}

/// Whether a file lies in such a directory below another.
pub fn below(path: &Path, top: &Path) -> bool {
    path.ancestors().skip(1).take_while(|dir| *dir != top && dir.parent().is_some()).any(is_junk)
}

fn beside(dir: &Path, name: &str) -> bool {
    dir.parent().is_some_and(|parent| parent.join(name).exists())
}

fn is_output(dir: &Path, name: &str) -> bool {
    let Some(parent) = dir.parent() else { return false };
    let manifest = parent.join("package.json");
    if manifest.is_file()
        && let Ok(manifest) = File::open(manifest)
    {
        let mut text = String::new();
        // One that cannot be read says nothing against the directory.
        if manifest.take(1 << 20).read_to_string(&mut text).is_err() {
            return false;
        }
        let exported = [format!("\"{name}/"), format!("\"./{name}/"), format!("\"{name}\""), format!("\"./{name}\"")];
        return !exported.iter().any(|path| text.contains(path.as_str()));
    }
    let python = ["pyproject.toml", "setup.py"].iter().any(|name| parent.join(name).exists());
    python && name == "build" && dir.join("lib").is_dir()
}
