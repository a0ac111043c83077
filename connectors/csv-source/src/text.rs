//! The bytes of a file as UTF-8 with `\n` at the end of each line, whatever it was written in.

use std::fs::File;
use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult};

use crate::config::Encoding;
use crate::opened::Opened;

/// So much of a file is read at once.
const CHUNK: usize = 64 * 1024;
/// The most bytes of a line with all its fields.
const MOST_OF_A_LINE: usize = 1024 * 1024;
/// The one field of the line that is put behind the last one. Where it does not come out as a line of its own, a
/// quotation mark before it was not closed.
pub(crate) const END: &[u8] = b"\x01";

/// How the letters of one file are written, and where they begin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Letters {
    encoding: Option<&'static encoding_rs::Encoding>,
    begin: u64,
}

impl Letters {
    /// As the configuration says, or as the file shows.
    ///
    /// # Errors
    /// Where the file cannot be read; inside, what is odd and in which line, where it is neither UTF-8 nor anything else.
    pub(crate) fn of(opened: &Opened, wanted: Encoding) -> io::Result<Result<Self, (u64, String)>> {
        let mut first = [0; 4];
        let count = read_full(opened.from(0)?, &mut first)?;
        let first = &first[..count];
        let letters = |encoding, begin| Ok(Ok(Self { encoding, begin }));
        let utf16 = match *first {
            [0xFF, 0xFE, ..] => Some((encoding_rs::UTF_16LE, 2)),
            [0xFE, 0xFF, ..] => Some((encoding_rs::UTF_16BE, 2)),
            // Headers are plain letters, which are half zeros in UTF-16.
            [b, 0, ..] if b != 0 => Some((encoding_rs::UTF_16LE, 0)),
            [0, b, ..] if b != 0 => Some((encoding_rs::UTF_16BE, 0)),
            _ => None,
        };
        let marked = first.starts_with(&[0xEF, 0xBB, 0xBF]);
        match (wanted, utf16) {
            (Encoding::Auto | Encoding::Utf16, Some((encoding, begin))) => letters(Some(encoding), begin),
            (Encoding::Utf16, None) if count == 0 => letters(None, 0),
            (Encoding::Utf16, None) => Ok(Err((1, "the file is not UTF-16".to_owned()))),
            (Encoding::Utf8 | Encoding::Windows1252, Some(_)) => {
                Ok(Err((1, "the file is UTF-16; [encoding] of the configuration says otherwise".to_owned())))
            }
            (Encoding::Auto | Encoding::Utf8, None) if marked => letters(None, 3),
            (Encoding::Utf8, None) => letters(None, 0),
            (Encoding::Windows1252, None) if marked => {
                Ok(Err((1, "the file is UTF-8; [encoding] of the configuration says otherwise".to_owned())))
            }
            (Encoding::Windows1252, None) => letters(Some(encoding_rs::WINDOWS_1252), 0),
            (Encoding::Auto, None) => match scan(opened.from(0)?)? {
                Seen { odd: None, .. } => letters(None, 0),
                Seen { odd: Some(_), utf8: None } => letters(Some(encoding_rs::WINDOWS_1252), 0),
                Seen { odd: Some(odd), utf8: Some(utf8) } => Ok(Err((
                    odd,
                    format!(
                        "has bytes that are not UTF-8, and line {utf8} has letters in UTF-8; set [encoding] if the file is whole"
                    ),
                ))),
            },
        }
    }

    /// The text of the file, from its beginning.
    pub(crate) fn read(self, opened: &Opened) -> io::Result<Text<'_>> {
        Ok(Text {
            file: opened.from(self.begin)?,
            decoder: self.encoding.map(encoding_rs::Encoding::new_decoder_without_bom_handling),
            raw: vec![0; CHUNK],
            ready: Vec::new(),
            at: 0,
            line: 1,
            after_cr: false,
            ended: false,
            taken: 0,
        })
    }
}

/// The lines with the first bytes that are not UTF-8, and with the first letters that are and are not ASCII.
struct Seen {
    odd: Option<u64>,
    utf8: Option<u64>,
}

fn scan(mut file: &File) -> io::Result<Seen> {
    let mut buffer = vec![0; CHUNK];
    let mut seen = Seen { odd: None, utf8: None };
    let (mut kept, mut line) = (0, 1);
    loop {
        let count = file.read(&mut buffer[kept..])?;
        let end = kept + count;
        let mut at = 0;
        while at < end {
            let rest = &buffer[at..end];
            let (good, odd) = match std::str::from_utf8(rest) {
                Ok(_) => (rest.len(), 0),
                // A letter that the next chunk completes.
                Err(error) if error.error_len().is_none() && count > 0 => (error.valid_up_to(), 0),
                Err(error) => (error.valid_up_to(), error.error_len().unwrap_or(rest.len() - error.valid_up_to())),
            };
            let valid = &rest[..good];
            if let Some(at) = valid.iter().position(|b| !b.is_ascii()) {
                seen.utf8.get_or_insert(line + newlines(&valid[..at]));
            }
            line += newlines(valid);
            at += good + odd;
            if odd == 0 {
                break;
            }
            seen.odd.get_or_insert(line);
        }
        if count == 0 || (seen.odd.is_some() && seen.utf8.is_some()) {
            return Ok(seen);
        }
        kept = end - at;
        buffer.copy_within(at..end, 0);
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|b| **b == b'\n').map(|_| 1).sum()
}

fn read_full(mut file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while count < buffer.len() {
        match file.read(&mut buffer[count..])? {
            0 => break,
            more => count += more,
        }
    }
    Ok(count)
}

/// The text of a file. Its errors of kind `InvalidData` are about what stands in the file.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    file: &'a File,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    ready: Vec<u8>,
    at: usize,
    line: u64,
    after_cr: bool,
    ended: bool,
    taken: usize,
}

impl Text<'_> {
    /// A line has ended; the next may be as long again.
    pub(crate) fn next_line(&mut self) {
        self.taken = 0;
    }

    fn fill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.at = 0;
        let count = self.file.read(&mut self.raw)?;
        match &mut self.decoder {
            None => self.ready.extend_from_slice(&self.raw[..count]),
            Some(decoder) => {
                let most = decoder.max_utf8_buffer_length_without_replacement(count).unwrap_or(CHUNK * 4);
                self.ready.resize(most, 0);
                let (result, _, written) =
                    decoder.decode_to_utf8_without_replacement(&self.raw[..count], &mut self.ready, count == 0);
                self.ready.truncate(written);
                if let DecoderResult::Malformed(..) = result {
                    let line = self.line + newlines(&self.ready);
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        format!("bytes near line {line} are not what the encoding of the file has"),
                    ));
                }
            }
        }
        let mut after_cr = self.after_cr;
        self.ready.retain_mut(|byte| {
            let drop = after_cr && *byte == b'\n';
            after_cr = *byte == b'\r';
            if after_cr {
                *byte = b'\n';
            }
            !drop
        });
        self.after_cr = after_cr;
        self.line += newlines(&self.ready);
        if count == 0 {
            self.ended = true;
            self.ready.extend([b"\n", END, b"\n"].concat());
        }
        Ok(())
    }
}

impl Read for Text<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // A chunk may hold nothing but half of a letter.
        while self.at == self.ready.len() && !self.ended {
            self.fill()?;
        }
        if self.taken > MOST_OF_A_LINE {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "is longer than 1 MiB; a quotation mark may not be closed".to_owned(),
            ));
        }
        let count = out.len().min(self.ready.len() - self.at);
        out[..count].copy_from_slice(&self.ready[self.at..self.at + count]);
        self.at += count;
        self.taken += count;
        Ok(count)
    }
}
