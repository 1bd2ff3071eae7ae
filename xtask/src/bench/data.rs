//! Seeded data for the benchmark, as NPY files that every peer reads.

use super::cases::Case;
use anyhow::{Context, Result};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes at least the samples of `case` into `folder`, unless they are there, and tells the case where they lie. There
/// may be more, up to a power of two, so that cases of nearly the same size share a file.
pub(crate) fn provide(case: &mut Case, folder: &Path) -> Result<()> {
    let samples = case.samples.next_power_of_two();
    let name = format!("{samples}x{}-{}", case.widths[0], case.widths.last().unwrap_or(&0));
    case.x = folder.join(format!("{name}-x.npy"));
    case.y = folder.join(format!("{name}-y.npy"));
    if !case.x.exists() {
        let mut values = Random(1);
        let x = (0..samples * case.widths[0]).map(|_| values.next_f32().to_le_bytes());
        write(&case.x, "<f4", samples, case.widths[0], x)?;
    }
    if !case.y.exists() {
        let (mut values, outputs) = (Random(2), case.widths[case.widths.len() - 1] as u64);
        if case.classes() {
            let y = (0..samples).map(|_| ((values.next() % outputs) as u32).to_le_bytes());
            write(&case.y, "<u4", samples, 1, y)?;
        } else {
            let y = (0..samples).map(|_| values.next_f32().to_le_bytes());
            write(&case.y, "<f4", samples, 1, y)?;
        }
    }
    Ok(())
}

/// The generator SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform from 0 to below 1, like a pixel.
    fn next_f32(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 24) as f32
    }
}

/// A matrix of 4-byte values as an NPY file, version 1.0; it gets its name when it is whole.
fn write(
    path: &Path,
    kind: &str,
    rows: usize,
    cols: usize,
    values: impl Iterator<Item = [u8; 4]>,
) -> Result<()> {
    let part = path.with_extension("part");
    let mut file =
        BufWriter::new(File::create(&part).with_context(|| format!("cannot write {}", part.display()))?);
    file.write_all(&header(kind, rows, cols))?;
    for value in values {
        file.write_all(&value)?;
    }
    file.flush()?;
    std::fs::rename(&part, path).with_context(|| format!("cannot write {}", path.display()))
}

/// Padded so that the values start at a multiple of 64 bytes.
fn header(kind: &str, rows: usize, cols: usize) -> Vec<u8> {
    let text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({rows}, {cols}), }}");
    let length = (10 + text.len() + 1).next_multiple_of(64) - 10;
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend((length as u16).to_le_bytes());
    header.extend(text.bytes());
    header.resize(10 + length - 1, b' ');
    header.push(b'\n');
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of SplitMix64 from seed 1234567, as its authors' program prints them.
    #[test]
    fn the_generator_is_splitmix64() {
        let mut random = Random(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn the_header_ends_at_a_multiple_of_64() {
        for rows in [1, 10, 1_000_000] {
            let header = header("<f4", rows, 3);
            assert_eq!(header.len() % 64, 0);
            assert_eq!(header.last(), Some(&b'\n'));
        }
    }
}
