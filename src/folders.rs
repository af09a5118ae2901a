//! What is known of folders: each is looked at once, whichever thread asks first.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use foldhash::HashMap;

/// Something that is found out of folders.
#[derive(Debug)]
pub struct ByFolder<V>(RwLock<HashMap<PathBuf, Arc<V>>>);

impl<V> Default for ByFolder<V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<V> ByFolder<V> {
    /// What is known of a folder, or can be found out of it.
    pub fn get(&self, folder: &Path, find: impl FnOnce() -> V) -> Arc<V> {
        // What one thread has found is whole, whatever became of another.
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(folder) {
            return known.clone();
        }
        // Two may find out the same: nobody waits for the disk.
        let found = Arc::new(find());
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.entry(folder.to_path_buf()).or_insert(found).clone()
    }
}
