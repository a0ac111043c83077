//! A folder with generated files in which a person may have changed some: theirs are never written over.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use koppel_helloid::shim::ShimFile;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::io::read_all;

/// What is known of the last set that was written here.
const RECORD: &str = ".koppel-shim.json";
/// What a file is called until the whole set is there.
const NEW: &str = "koppel-new";

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    connector: String,
    /// The digest of each file as it was written.
    files: BTreeMap<String, String>,
}

/// The folder, and what was written to it before.
#[derive(Debug)]
pub(super) struct Folder<'a> {
    path: &'a Path,
    connector: &'a str,
    known: BTreeMap<String, String>,
}

/// What came of writing a set.
#[derive(Debug)]
pub(super) struct Written {
    /// The files of the set.
    pub(super) paths: Vec<PathBuf>,
    /// Files of the set before that this one does not have.
    pub(super) left: Vec<PathBuf>,
}

impl<'a> Folder<'a> {
    /// Makes the folder where it is missing.
    pub(super) fn open(path: &'a Path, connector: &'a str) -> Result<Self, Failure> {
        fs::create_dir_all(path).map_err(|e| Failure::usage(format!("--out: cannot make {}: {e}", path.display())))?;
        let file = path.join(RECORD);
        let mut known = BTreeMap::new();
        if let Some(bytes) = existing(&file)? {
            // A record that cannot be read vouches for nothing.
            if let Ok(record) = serde_json::from_slice::<Record>(&bytes) {
                if record.connector != connector {
                    return Err(Failure::failed(format!("{} holds the files of {}", path.display(), record.connector))
                        .with_hint("choose another folder; nothing was written"));
                }
                known = record.files;
            }
        }
        Ok(Self { path, connector, known })
    }

    /// Writes all files or none: first it makes sure that nobody changed one of them.
    pub(super) fn write(&self, set: &[ShimFile]) -> Result<Written, Failure> {
        let changed: Vec<String> =
            set.iter().filter_map(|file| self.changed(file).transpose()).collect::<Result<_, _>>()?;
        if !changed.is_empty() {
            let message = format!("these were changed, or written by somebody else: {}", changed.join(", "));
            return Err(
                Failure::failed(message).with_hint("move them away or choose another folder; nothing was written")
            );
        }
        let files = set.iter().map(|file| (file.path.to_owned(), fingerprint(file.text.as_bytes()))).collect();
        let left = self.known.keys().filter(|name| !set.iter().any(|file| file.path == name.as_str()));
        let left = left.map(|name| self.place(name)).filter(|path| path.exists()).collect();
        let record = serde_json::to_vec_pretty(&Record { connector: self.connector.to_owned(), files })
            .map_err(|e| Failure::failed(format!("cannot write {RECORD}: {e}")))?;
        let mut all: Vec<(PathBuf, &[u8])> =
            set.iter().map(|file| (self.place(file.path), file.text.as_bytes())).collect();
        let paths = all.iter().map(|(path, _)| path.clone()).collect();
        all.push((self.path.join(RECORD), &record));
        replace(&all)?;
        Ok(Written { paths, left })
    }

    /// The path of a file that is not as it was written, and not as it will be either.
    fn changed(&self, file: &ShimFile) -> Result<Option<String>, Failure> {
        let path = self.place(file.path);
        let Some(bytes) = existing(&path)? else { return Ok(None) };
        let found = fingerprint(&bytes);
        let known = found == fingerprint(file.text.as_bytes()) || self.known.get(file.path) == Some(&found);
        Ok((!known).then(|| path.display().to_string()))
    }

    /// Where a file of the set is, with the separators of this system.
    fn place(&self, name: &str) -> PathBuf {
        name.split('/').fold(self.path.to_path_buf(), |path, part| path.join(part))
    }
}

/// The content of a file; `None` where there is no such file.
fn existing(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match File::open(path) {
        Ok(file) => read_all(file, &path.display().to_string()).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::failed(format!("cannot read {}: {error}", path.display()))),
    }
}

/// Tells contents apart, but not by the line ends that a version control system may have changed.
fn fingerprint(bytes: &[u8]) -> String {
    let plain: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b'\r').collect();
    digest(&SHA256, &plain).as_ref().iter().fold(String::new(), |mut text, byte| {
        // A string takes every text.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Gives all files their new content. Until each of them is on the disk under another name, none is touched.
fn replace(files: &[(PathBuf, &[u8])]) -> Result<(), Failure> {
    let beside = |path: &Path| path.with_added_extension(NEW);
    let written = files.iter().try_for_each(|(path, content)| {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::create(beside(path))?;
        file.write_all(content)?;
        file.sync_all()
    });
    let replaced = written.and_then(|()| files.iter().try_for_each(|(path, _)| fs::rename(beside(path), path)));
    replaced.map_err(|error| {
        for (path, _) in files {
            // What was renamed already is not there any more.
            let _ = fs::remove_file(beside(path));
        }
        Failure::failed(format!("cannot write the files: {error}"))
            .with_hint("what was written is whole; the same command again completes the set")
    })
}
