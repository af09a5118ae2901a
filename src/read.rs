//! Reads whole files of a bounded size, whatever stands under their names: nothing waits for a FIFO, and none fills the
//! memory, not even one that grows while it is read.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Why a file was not read.
#[derive(Debug)]
pub enum Refusal {
    /// A directory, FIFO, socket or device.
    Special,
    /// Larger than the limit.
    TooLarge,
    /// The system says no.
    System(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Special => f.write_str("not a regular file"),
            Self::TooLarge => f.write_str("too large"),
            Self::System(error) => f.write_str(&crate::walk::reason(error)),
        }
    }
}

/// The bytes of a regular file that has at most so many.
pub fn file(path: &Path, most: u64) -> Result<Vec<u8>, Refusal> {
    let file = open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Refusal::Special);
    }
    let size = metadata.len();
    if size > most {
        return Err(Refusal::TooLarge);
    }
    // Those of /proc say that they are empty.
    if size == 0 {
        return all(file, size, most);
    }
    // What is written behind it meanwhile belongs to another reading; to ask whether there is any is a call to the system.
    let mut bytes = Vec::with_capacity(size as usize);
    file.take(size).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a file without waiting for who would write to it: a FIFO is told by what was opened, not by a look before.
#[cfg(unix)]
fn open(path: &Path) -> Result<File, Refusal> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let opened = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path);
    opened.map_err(|error| match error.raw_os_error() {
        // A socket.
        Some(libc::ENXIO) => Refusal::Special,
        _ => Refusal::System(error),
    })
}

#[cfg(not(unix))]
fn open(path: &Path) -> Result<File, Refusal> {
    if path.metadata()?.is_file() { Ok(File::open(path)?) } else { Err(Refusal::Special) }
}

/// All that can be read, of which some size is expected, and no more than `most` is taken.
pub fn all(from: impl io::Read, size: u64, most: u64) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::with_capacity(size as usize + 1);
    from.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(Refusal::TooLarge) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "1234").unwrap();
        assert_eq!(file(&path, 4).unwrap(), b"1234");
        assert!(matches!(file(&path, 3), Err(Refusal::TooLarge)));
        assert!(matches!(file(dir.path(), 3), Err(Refusal::Special)));
        assert_eq!(file(&dir.path().join("b"), 3).unwrap_err().to_string(), "no such file or directory");
        #[cfg(unix)]
        assert!(matches!(file(Path::new("/dev/zero"), 3), Err(Refusal::Special)));
        // What never ends.
        assert!(matches!(all(io::repeat(b'x'), 0, 1000), Err(Refusal::TooLarge)));
    }
}
