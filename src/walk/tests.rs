use std::fs;

use super::*;

fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn options(dir: &Path) -> Options {
    Options { cwd: dir.canonicalize().unwrap(), ..Options::default() }
}

fn found(dir: &Path, paths: &[&str], change: impl FnOnce(&mut Options)) -> Vec<String> {
    let mut options = options(dir);
    change(&mut options);
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    let files = walk(&paths, &options).unwrap();
    files.entries.iter().map(|entry| crate::screen::path(&entry.shown)).collect()
}

#[test]
fn ignored_and_hidden() {
    let dir = tree(&[
        (".git/HEAD", ""),
        (".git/hook.py", ""),
        (".gitignore", "ignored.py\n.env\nlogs/\n"),
        ("sub/.ignore", "other.py"),
        ("a.py", ""),
        ("ignored.py", ""),
        (".env", ""),
        (".env.local", ""),
        (".envrc", ""),
        (".hidden.py", ""),
        (".hidden/a.py", ""),
        (".github/workflows/ci.yml", ""),
        (".github/x.py", ""),
        (".circleci/config.yml", ""),
        (".gitlab-ci.yml", ""),
        ("logs/.env", ""),
        ("sub/other.py", ""),
        ("sub/.env", ""),
        ("sub/b.ts", ""),
        ("tool", "#!/usr/bin/env python3\n"),
        ("tool2", "#!"),
        ("LICENSE", "text"),
        ("x.md", ""),
    ]);
    let always =
        [".circleci/config.yml", ".env", ".env.local", ".envrc", ".github/workflows/ci.yml", ".gitlab-ci.yml", "a.py"];
    let rest = ["sub/.env", "sub/b.ts", "tool"];
    assert_eq!(found(dir.path(), &["."], |_| ()), [&always[..], &rest].concat());
    let all = [&always[..], &["ignored.py", "logs/.env", "sub/.env", "sub/b.ts", "sub/other.py", "tool"]].concat();
    assert_eq!(found(dir.path(), &["."], |options| options.no_ignore = true), all);
    assert_eq!(found(dir.path(), &["sub/../ignored.py", "./ignored.py"], |_| ()), ["ignored.py"]);
}

#[test]
fn junk_is_not_entered_unless_given() {
    let dir = tree(&[
        ("node_modules/.env", ""),
        ("node_modules/p/dist/i.js", ""),
        ("venv/pyvenv.cfg", ""),
        ("venv/a.py", ""),
        ("env/pyvenv.cfg", ""),
        ("env/.env", ""),
        ("target/CACHEDIR.TAG", ""),
        ("target/a.rs", ""),
        ("rust/Cargo.toml", ""),
        ("rust/target/b.rs", ""),
        ("other/target/c.rs", ""),
        ("vendor/v.py", ""),
        ("third_party/t.py", ""),
        ("x/__pycache__/a.py", ""),
        ("x/site-packages/a.py", ""),
        ("app/package.json", "{\"main\": \"index.js\"}"),
        ("app/dist/a.js", ""),
        ("lib/package.json", "{\"main\": \"./dist/index.js\"}"),
        ("lib/dist/b.js", ""),
        ("plain/build/c.js", ""),
        ("py/setup.py", ""),
        ("py/build/lib/a.py", ""),
    ]);
    let normal = [
        "app/package.json",
        "lib/dist/b.js",
        "lib/package.json",
        "other/target/c.rs",
        "plain/build/c.js",
        "py/setup.py",
        "rust/Cargo.toml",
    ];
    assert_eq!(found(dir.path(), &["."], |_| ()), normal);
    assert_eq!(found(dir.path(), &["node_modules/p"], |_| ()), ["node_modules/p/dist/i.js"]);
    assert_eq!(found(dir.path(), &["app/dist"], |_| ()), ["app/dist/a.js"]);
    assert_eq!(found(dir.path(), &["vendor/v.py"], |_| ()), ["vendor/v.py"]);
    assert_eq!(found(dir.path(), &["vendor/v.py"], |options| options.force_exclude = true), [""; 0]);
}

#[test]
fn excludes() {
    let dir = tree(&[("gen/a.py", ""), ("gen/.env", ""), ("src/a.py", ""), ("src/b.py", "")]);
    let root = dir.path().canonicalize().unwrap();
    let exclude = |options: &mut Options| options.exclude.add(&root, ["gen/", "/src/b.py"]).unwrap();
    assert_eq!(found(dir.path(), &["."], exclude), ["src/a.py"]);
    assert_eq!(found(dir.path(), &["gen/a.py"], exclude), ["gen/a.py"]);
    let forced = |options: &mut Options| {
        exclude(options);
        options.force_exclude = true;
    };
    assert_eq!(found(dir.path(), &["gen/a.py", "src/a.py"], forced), ["src/a.py"]);
}

#[test]
fn a_missing_path_is_an_error() {
    let dir = tree(&[("a.py", "")]);
    let errors = walk(&["a.py".into(), "no".into(), "nor".into()], &options(dir.path())).unwrap_err();
    assert_eq!(errors.len(), 2);
    assert_eq!(errors[0].to_string(), "no: no such file or directory");
}

#[test]
fn loading() {
    let dir = tree(&[("a.py", "x = 1\n"), ("big.py", "123456789"), ("bin.py", "a\0b")]);
    let files = walk(&[".".into()], &options(dir.path())).unwrap();
    let loaded: Vec<_> = files.entries.iter().map(|entry| load(entry, 8)).collect();
    assert_eq!(loaded[0].as_ref().unwrap().text, "x = 1\n");
    assert_eq!(loaded[1].as_ref().unwrap_err(), &SkipReason::TooLarge(8));
    assert_eq!(loaded[2].as_ref().unwrap_err(), &SkipReason::Undecodable(Undecodable::Binary));
    let missing = Entry { path: dir.path().join("no.py"), ..files.entries[0].clone() };
    assert!(matches!(load(&missing, 8), Err(SkipReason::Unreadable(_))));
}

#[cfg(unix)]
#[test]
fn odd_files() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let dir = tree(&[("real/a.py", ""), ("new\nline.py", "")]);
    symlink(dir.path().join("real"), dir.path().join("link")).unwrap();
    symlink(dir.path().join("real/a.py"), dir.path().join("link.py")).unwrap();
    symlink(dir.path(), dir.path().join("real/loop")).unwrap();
    fs::write(dir.path().join(OsStr::from_bytes(b"\xff.py")), "").unwrap();
    std::os::unix::net::UnixListener::bind(dir.path().join("socket.py")).unwrap();

    let options = options(dir.path());
    let files = walk(&[".".into()], &options).unwrap();
    let shown: Vec<String> = files.entries.iter().map(|entry| crate::screen::path(&entry.shown)).collect();
    assert_eq!(shown, ["new\\nline.py", "real/a.py", "\\xff.py"]);
    let skipped = [("link.py".into(), SkipReason::Symlink), ("socket.py".into(), SkipReason::Special)];
    assert_eq!(files.skipped, skipped);
    assert_eq!(found(dir.path(), &["link", "link.py"], |_| ()), ["link/a.py", "link.py"]);
    assert!(walk(&["socket.py".into()], &options).is_err());
}
