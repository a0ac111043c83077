//! Input, bounded; output, whole lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal as _, Read, Write};
use std::path::Path;

use koppel_helloid::decode;
use serde_json::Value;

use crate::failure::Failure;

/// A document, a configuration or a line of a batch may have this many bytes.
pub(crate) const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Stdin, or a file.
pub(crate) fn open(input: Option<&Path>) -> Result<Box<dyn BufRead + Send>, Failure> {
    match input {
        None => {
            if io::stdin().is_terminal() {
                // Only a person at a keyboard sees it; without it the program seems to hang.
                let _ =
                    writeln!(io::stderr(), "reading the input from the keyboard; end it with Ctrl-D (Windows: Ctrl-Z)");
            }
            Ok(Box::new(BufReader::new(io::stdin())))
        }
        Some(path) => {
            let file = File::open(path).map_err(|e| Failure::usage(format!("cannot read {}: {e}", path.display())))?;
            Ok(Box::new(BufReader::new(file)))
        }
    }
}

/// Everything, up to the bound.
pub(crate) fn read_all(reader: impl Read, what: &str) -> Result<Vec<u8>, Failure> {
    read_up_to(MOST_BYTES, reader, what)
}

/// Everything, up to a bound of its own.
pub(crate) fn read_up_to(most: u64, reader: impl Read, what: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    reader.take(most + 1).read_to_end(&mut bytes).map_err(|e| Failure::usage(format!("cannot read {what}: {e}")))?;
    if bytes.len() as u64 > most {
        return Err(Failure::usage(format!("{what} is larger than {} MiB", most / 1024 / 1024)));
    }
    Ok(bytes)
}

/// A reader of lines in UTF-8, whatever Unicode the input is in. UTF-16, as Windows PowerShell writes files, is read whole.
pub(crate) fn lines_of(mut reader: Box<dyn BufRead + Send>) -> Result<Box<dyn BufRead + Send>, Failure> {
    let start = reader.fill_buf().map_err(|e| Failure::usage(format!("cannot read the input: {e}")))?;
    if !(start.starts_with(&[0xFF, 0xFE]) || start.starts_with(&[0xFE, 0xFF])) {
        return Ok(reader);
    }
    let text = decode(&read_all(reader, "the input")?).map_err(|e| Failure::usage(format!("the input: {e}")))?;
    Ok(Box::new(io::Cursor::new(text.into_bytes())))
}

/// The next line of a batch, without its end; `None` after the last. A line over the bound is read past and reported.
pub(crate) fn read_line(reader: &mut dyn BufRead) -> io::Result<Option<Result<Vec<u8>, String>>> {
    let mut line = Vec::new();
    if reader.take(MOST_BYTES + 1).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    } else if line.len() as u64 > MOST_BYTES {
        reader.skip_until(b'\n')?;
        return Ok(Some(Err(format!("the line is larger than {} MiB", MOST_BYTES / 1024 / 1024))));
    }
    Ok(Some(Ok(line)))
}

/// Where a configuration stands: `-` is stdin, so that a script needs no file with secrets in it.
pub(crate) fn config_name(path: &Path) -> String {
    if path == Path::new("-") { "stdin".to_owned() } else { path.display().to_string() }
}

/// A configuration as JSON, whatever its encoding.
pub(crate) fn read_config(path: &Path) -> Result<Value, Failure> {
    let name = config_name(path);
    let bytes = read_all(open(Some(path).filter(|path| *path != Path::new("-")))?, &name)?;
    let text = decode(&bytes).map_err(|e| Failure::usage(format!("{name}: {e}")))?;
    serde_json::from_str(&text).map_err(|e| Failure::usage(format!("{name}: is not JSON: {e}")))
}

/// Writes one line to stdout. A reader that went away ends the program quietly, as it does for every filter.
pub(crate) fn print_line(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n"));
    written.map_err(Failure::stdout)
}

/// Writes JSON as one line to stdout.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(|e| Failure::failed(format!("cannot write the result: {e}")))?;
    print_line(&text)
}

/// Makes sure that everything is out.
pub(crate) fn flush() -> Result<(), Failure> {
    io::stdout().lock().flush().map_err(Failure::stdout)
}
