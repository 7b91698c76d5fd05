//! A file that a value a line is added to, and that is read back when it is opened.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// A journal can't be kept.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The file can't be opened, read or written.
    #[error("cannot keep {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A line isn't what it should be.
    #[error("line {line} of {} can't be read: repair it, or move the file away", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

/// An open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
}

impl Journal {
    /// Opens a journal, made for its owner's eyes only if it is missing, and reads what it
    /// has. A last line that a killed process left unfinished goes.
    pub(crate) fn open<T: DeserializeOwned>(path: &Path) -> Result<(Self, Vec<T>), JournalError> {
        let failed = |source| JournalError::File { path: path.to_owned(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(path).map_err(failed)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        let whole = text.rfind('\n').map_or(0, |end| end.saturating_add(1));
        if whole < text.len() {
            file.set_len(u64::try_from(whole).unwrap_or_default()).map_err(failed)?;
        }
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let lines = text.get(..whole).unwrap_or_default().lines().enumerate();
        let read = lines.map(|(index, line)| {
            serde_json::from_str(line).map_err(|source| JournalError::Line {
                path: path.to_owned(),
                line: index.saturating_add(1),
                source,
            })
        });
        let values = read.collect::<Result<_, _>>()?;
        Ok((Self { file }, values))
    }

    /// Adds a value, there once this returns, after the death of the process too.
    pub(crate) fn add(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_was_added_is_read_back_and_an_unfinished_line_is_not() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("journal.jsonl");
        let (mut journal, none) = Journal::open::<String>(&path).unwrap();
        assert!(none.is_empty());
        journal.add(&"one\nline").unwrap();
        journal.add(&"two").unwrap();
        journal.file.write_all(b"\"unfini").unwrap();
        drop(journal);

        let (mut journal, values) = Journal::open::<String>(&path).unwrap();
        assert_eq!(values, ["one\nline", "two"]);
        journal.add(&"three").unwrap();
        let (_, values) = Journal::open::<String>(&path).unwrap();
        assert_eq!(values, ["one\nline", "two", "three"]);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_broken_line_is_named() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("journal.jsonl");
        std::fs::write(&path, "\"one\"\nnonsense\n").unwrap();
        let error = Journal::open::<String>(&path).unwrap_err().to_string();
        assert!(error.starts_with("line 2 of "), "{error}");
        let error = Journal::open::<String>(home.path()).unwrap_err().to_string();
        assert!(error.starts_with("cannot keep "), "{error}");
    }
}
