//! From bytes to text: what PowerShell and Windows write.

/// The text of a file or a pipe: UTF-8 with or without a byte order mark, or UTF-16 with one.
///
/// # Errors
/// Says at which byte it is not what its encoding allows.
///
/// ```
/// assert_eq!(koppel_helloid::decode(b"\xef\xbb\xbf{}").unwrap(), "{}");
/// assert_eq!(koppel_helloid::decode(b"\xff\xfe{\0}\0").unwrap(), "{}");
/// assert!(koppel_helloid::decode(b"{\"a\": \"\xe9\"}").unwrap_err().contains("byte 7"));
/// ```
pub fn decode(bytes: &[u8]) -> Result<String, String> {
    if let Some(rest) = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]) {
        return utf8(rest, 3);
    }
    if let Some(rest) = bytes.strip_prefix(&[0xFF, 0xFE]) {
        return utf16(rest, u16::from_le_bytes);
    }
    if let Some(rest) = bytes.strip_prefix(&[0xFE, 0xFF]) {
        return utf16(rest, u16::from_be_bytes);
    }
    utf8(bytes, 0)
}

fn utf8(bytes: &[u8], skipped: usize) -> Result<String, String> {
    std::str::from_utf8(bytes)
        .map(str::to_owned)
        .map_err(|e| format!("is not UTF-8 at byte {}; write it with -Encoding UTF8", e.valid_up_to() + skipped))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(format!("is UTF-16 and ends in the middle of a character, at byte {}", bytes.len() + 2));
    }
    let units = pairs.iter().map(|pair| unit(*pair));
    let mut at = 2;
    char::decode_utf16(units)
        .map(|c| {
            let c = c.map_err(|_| format!("is not UTF-16 at byte {at}"))?;
            at += 2 * c.len_utf16();
            Ok(c)
        })
        .collect()
}
