//! Embeds `rules/`: writes lists of (name, text) for the providers, the clients, the messages and the rule pages, so that
//! adding one is a matter of adding a file. TOML becomes JSON, which every run reads in a fraction of the time.

use std::fmt::{Display, Write as _};
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    let mut code = String::new();
    for (name, folder, extension) in [
        ("PROVIDERS", "rules/providers", "toml"),
        ("CLIENTS", "rules/clients", "toml"),
        ("PAGES", "rules", "md"),
        ("MESSAGES", "rules/messages", "toml"),
    ] {
        let folder = Path::new(&root).join(folder);
        let mut files: Vec<_> =
            fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        files.retain(|path| path.extension().is_some_and(|found| found == extension) && !path.ends_with("README.md"));
        files.sort();
        let _ = writeln!(code, "pub(crate) static {name}: &[(&str, &str)] = &[");
        for file in files {
            let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let mut text = fs::read_to_string(&file)?;
            if extension == "toml" {
                let of_file = |error: &dyn Display| io::Error::other(format!("{}: {error}", file.display()));
                let table: toml::Table = toml::from_str(&text).map_err(|error| of_file(&error))?;
                text = serde_json::to_string(&table).map_err(|error| of_file(&error))?;
            }
            let _ = writeln!(code, "    ({stem:?}, {text:?}),");
        }
        code.push_str("];\n");
    }
    fs::write(Path::new(&out).join("embedded.rs"), code)?;
    let mut stdout = io::stdout();
    io::Write::write_all(&mut stdout, b"cargo:rerun-if-changed=rules\ncargo:rerun-if-changed=build.rs\n")
}
