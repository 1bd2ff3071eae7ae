//! Safetensors files as any program reads them, and with parts of them changed.

use serde_json::Value;

/// The header and the numbers.
pub(crate) fn parts(bytes: &[u8]) -> (Value, &[u8]) {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    (serde_json::from_slice(&bytes[8..8 + length]).unwrap(), &bytes[8 + length..])
}

fn joined(header: &Value, numbers: &[u8]) -> Vec<u8> {
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), numbers].concat()
}

/// The file with its header changed.
pub(crate) fn with_header(bytes: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let (mut header, numbers) = parts(bytes);
    change(&mut header);
    joined(&header, numbers)
}

/// The file with the JSON under this key of its metadata changed.
pub(crate) fn with_metadata(bytes: &[u8], key: &str, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    with_header(bytes, |header| {
        let own = &mut header["__metadata__"][key];
        let mut value: Value = serde_json::from_str(own.as_str().unwrap()).unwrap();
        change(&mut value);
        *own = value.to_string().into();
    })
}
