//! What a file is that is no model file, told by its first bytes.

/// First bytes, what they are of, and what to do with such a file.
const KNOWN: [(&[u8], &str); 17] = [
    (b"PK\x03\x04", "a ZIP archive (a PyTorch or NumPy file, perhaps)"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file (a Keras model, perhaps)"),
    (b"\x1f\x8b", "gzip-compressed data"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed data"),
    (b"\xfd7zXZ\0", "xz-compressed data"),
    (b"BZh", "bzip2-compressed data"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"GGUF", "a GGUF file"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"\x89PNG", "a PNG image"),
    (b"\xef\xbb\xbf", "text"),
];

/// What a file with these first bytes is, in words.
pub(super) fn describe(first: &[u8]) -> String {
    if let Some((_, what)) = KNOWN.iter().find(|(magic, _)| first.starts_with(magic)) {
        return (*what).into();
    }
    match first {
        [] => "an empty file".into(),
        [0x80, 2..=5, ..] => "a Python pickle, which can run any program when it is opened".into(),
        // Protocol 0 and 1 pickles of a class start with its module and name.
        [b'c', rest @ ..] if rest.iter().take(40).any(|&byte| byte == b'\n') && rest.is_ascii() => {
            "a Python pickle or text".into()
        }
        // Field 1 (ir_version) as a small number, then a field of text.
        [0x08, 1..=20, 0x12 | 0x1a | 0x3a, ..] => "an ONNX model".into(),
        [_, _, _, _, b'T', b'F', b'L', b'3', ..] => "a TensorFlow Lite model".into(),
        [b'{' | b'[', ..] => "JSON text".into(),
        _ if std::str::from_utf8(first).is_ok_and(|text| !text.contains('\0')) => "text".into(),
        _ => format!("the bytes {}", hexadecimal(&first[..first.len().min(8)])),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_files_are_called_by_their_names() {
        for (first, words) in [
            (&b"PK\x03\x04\x00\x00"[..], "ZIP"),
            (b"\x80\x04\x95\x10\x00", "pickle"),
            (b"\x89HDF\r\n\x1a\n\0", "HDF5"),
            (b"\x08\x07\x12\x07pytorch", "ONNX"),
            (b"\x1f\x8b\x08\0", "gzip"),
            (b"\x1c\0\0\0TFL3", "TensorFlow Lite"),
            (b"a,b,c\n1,2,3\n", "text"),
            (b"{\"a\": 1}", "JSON"),
            (b"", "an empty file"),
            (b"\xff\xfe\xfd\0\0\0\0\0\0", "the bytes ff fe fd 00 00 00 00 00"),
        ] {
            assert!(describe(first).contains(words), "{}", describe(first));
        }
    }
}
