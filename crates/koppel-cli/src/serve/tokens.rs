//! The tokens that are let in, from a file that may change while the service runs.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Digest, SHA256, digest};
use koppel::{Scrubber, Secret};
use koppel_helloid::decode;
use tokio::time::Instant;

use crate::failure::Failure;
use crate::log::SERVICE;

/// A token file is this long at most.
const MOST_BYTES: u64 = 64 * 1024;
/// A shorter token can be guessed.
const SHORTEST: usize = 16;
/// The file is looked at no more often than this.
const LOOK_AFTER: Duration = Duration::from_secs(1);

/// A token that is let in.
struct Token {
    /// Its line in the file: what it is called in the log.
    line: usize,
    digest: Digest,
}

/// What tells one state of the file from the next.
type Stamp = (Option<SystemTime>, u64);

struct Known {
    tokens: Vec<Token>,
    /// Keeps them out of the log for as long as they are let in.
    _scrubbed: Scrubber,
    stamp: Option<Stamp>,
    looked: Instant,
}

/// The tokens of a file.
pub(super) struct Tokens {
    path: PathBuf,
    scrubber: Scrubber,
    known: Mutex<Known>,
}

impl Tokens {
    /// Reads the file.
    ///
    /// # Errors
    /// Wrong usage: a file that cannot be read, or holds no token.
    pub(super) fn open(path: &Path, scrubber: &Scrubber) -> Result<Self, Failure> {
        let known = read(path, scrubber).map_err(|why| {
            Failure::usage(format!("--token-file {}: {why}", path.display()))
                .with_hint("it holds one token a line, such as the output of: openssl rand -base64 32")
        })?;
        Ok(Self { path: path.to_owned(), scrubber: scrubber.clone(), known: Mutex::new(known) })
    }

    /// What the token is called, if it is let in. Takes as long for every token that is not.
    pub(super) fn label(&self, token: &str) -> Option<String> {
        let asked = digest(&SHA256, token.as_bytes());
        let known = self.current();
        let mut found = None;
        for token in &known.tokens {
            if verify_slices_are_equal(token.digest.as_ref(), asked.as_ref()).is_ok() {
                found = Some(token.line);
            }
        }
        found.map(|line| format!("token {line}"))
    }

    /// The tokens as the file has them now; as it had them where it cannot be read any more.
    fn current(&self) -> MutexGuard<'_, Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.looked.elapsed() < LOOK_AFTER {
            return known;
        }
        known.looked = Instant::now();
        let stamp = stamp(&self.path);
        if stamp == known.stamp {
            return known;
        }
        match read(&self.path, &self.scrubber) {
            Ok(changed) => {
                tracing::info!(target: SERVICE, tokens = changed.tokens.len(), "the token file has changed and was read again");
                *known = changed;
            }
            Err(why) => {
                // Not looked at again until it changes once more.
                known.stamp = stamp;
                tracing::error!(file = %self.path.display(), "the token file has changed and cannot be used ({why}); the tokens from before are still let in");
            }
        }
        known
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.modified().ok(), found.len()))
}

fn read(path: &Path, scrubber: &Scrubber) -> Result<Known, String> {
    // Before the content: a change in between is seen the next time.
    let stamp = stamp(path);
    let file = File::open(path).map_err(|e| e.to_string())?;
    warn_if_open_to_all(&file, path);
    let mut bytes = Vec::new();
    let read = std::io::Read::read_to_end(&mut std::io::Read::take(file, MOST_BYTES + 1), &mut bytes);
    read.map_err(|e| e.to_string())?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("is larger than {} KiB", MOST_BYTES / 1024));
    }
    let text = decode(&bytes)?;
    let kept = scrubber.scoped();
    let mut tokens = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let (line, token) = (index + 1, line.trim());
        if token.is_empty() || token.starts_with('#') {
            continue;
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!("line {line} holds spaces or characters that cannot be sent in a header"));
        }
        kept.add(&Secret::new(token));
        if token.len() < SHORTEST {
            tracing::warn!(line, "a token of fewer than {SHORTEST} characters can be guessed");
        }
        tokens.push(Token { line, digest: digest(&SHA256, token.as_bytes()) });
    }
    if tokens.is_empty() {
        return Err("holds no token".to_owned());
    }
    Ok(Known { tokens, _scrubbed: kept, stamp, looked: Instant::now() })
}

#[cfg(unix)]
fn warn_if_open_to_all(file: &File, path: &Path) {
    use std::os::unix::fs::MetadataExt as _;
    if file.metadata().is_ok_and(|found| found.mode() & 0o004 != 0) {
        tracing::warn!(file = %path.display(), "every user of this machine can read the tokens; chmod 600 ends that");
    }
}

#[cfg(not(unix))]
fn warn_if_open_to_all(_: &File, _: &Path) {
    // Who may read it is told by an access list, which takes the rights of its folder.
}
