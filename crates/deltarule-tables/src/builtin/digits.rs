//! The handwritten digits of the UCI repository, reduced to 8×8 pixels.

use crate::labelled::{Image, Labelled, pixel_names};
use deltarule::Matrix;
use flate2::read::DeflateDecoder;
use std::io::Read;

const SAMPLES: usize = 1797;
const SIDE: usize = 8;
const PIXELS: usize = SIDE * SIDE;

/// 64 columns of 1,797 pixels from 0 to 16, then 1,797 labels; written by `tools/pack_builtin.py`.
static PACKED: &[u8] = include_bytes!("digits.deflate");

pub(super) fn load() -> Labelled {
    let mut bytes = Vec::with_capacity(SAMPLES * (PIXELS + 1));
    DeflateDecoder::new(PACKED).read_to_end(&mut bytes).expect("the embedded digits are whole");
    let (pixels, labels) = bytes.split_at(SAMPLES * PIXELS);
    let mut x = Matrix::zeros(SAMPLES, PIXELS);
    for i in 0..SAMPLES {
        for (value, column) in x.row_mut(i).iter_mut().zip(pixels.chunks_exact(SAMPLES)) {
            *value = f32::from(column[i]);
        }
    }
    Labelled {
        x,
        labels: labels.iter().map(|&label| u32::from(label)).collect(),
        classes: (0..10).map(|digit| digit.to_string()).collect(),
        features: pixel_names(SIDE, SIDE),
        image: Some(Image { height: SIDE, width: SIDE, white: 16.0 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Figures computed with scikit-learn 1.9.1's `load_digits`.
    #[test]
    fn are_the_digits_of_scikit_learn() {
        let digits = load();
        assert_eq!((digits.x.rows(), digits.x.cols(), digits.labels.len()), (1797, 64, 1797));
        let mut counts = [0; 10];
        digits.labels.iter().for_each(|&label| counts[label as usize] += 1);
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        let total: f64 = (0..1797).flat_map(|i| digits.x.row(i)).map(|&v| f64::from(v)).sum();
        assert_eq!(total, 561_718.0);
        // The first image is a zero; its second row of pixels:
        assert_eq!(digits.labels[0], 0);
        assert_eq!(digits.x.row(0)[8..16], [0.0, 0.0, 13.0, 15.0, 10.0, 15.0, 5.0, 0.0]);
        // Σ_i Σ_k i·k·x_ik mod 1,000,003 ties every pixel to its place.
        let mut place = 0_u64;
        for i in 0..1797_u64 {
            for (k, &v) in digits.x.row(i as usize).iter().enumerate() {
                place = (place + i * k as u64 * v as u64) % 1_000_003;
            }
        }
        assert_eq!(place, 586_246);
    }
}
