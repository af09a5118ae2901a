//! `[policy]`: which providers a project's clients may talk to.

use std::path::Path;

use crate::walk::Excludes;

/// The providers that clients may talk to; the default one allows all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// For every file that `paths` has no pattern for; `None`: all.
    pub allowed_providers: Option<Vec<String>>,
    /// For files that match a glob, in the order of the configuration; a later one that matches wins.
    pub paths: Vec<(String, Vec<String>)>,
}

/// A policy with its patterns made ready.
#[derive(Debug, Default)]
pub struct Allowed<'a> {
    everywhere: Option<&'a [String]>,
    paths: Vec<(Excludes, &'a [String])>,
}

impl Policy {
    /// Whether everything is allowed.
    pub fn is_empty(&self) -> bool {
        self.allowed_providers.is_none() && self.paths.is_empty()
    }

    /// Makes the patterns ready; they are relative to a directory. One that is no glob was refused when it was read.
    pub fn allowed(&self, root: &Path) -> Allowed<'_> {
        let mut paths = Vec::new();
        for (glob, providers) in &self.paths {
            let mut globs = Excludes::default();
            if globs.add(root, [glob.as_str()]).is_ok() {
                paths.push((globs, providers.as_slice()));
            }
        }
        Allowed { everywhere: self.allowed_providers.as_deref(), paths }
    }
}

impl<'a> Allowed<'a> {
    /// The providers that clients in a file, given by its absolute path, may talk to; `None`: all.
    pub fn in_file(&self, path: &Path) -> Option<&'a [String]> {
        let by_path = self.paths.iter().rev().find(|(globs, _)| globs.matches(path, false));
        by_path.map(|(_, providers)| *providers).or(self.everywhere)
    }
}
