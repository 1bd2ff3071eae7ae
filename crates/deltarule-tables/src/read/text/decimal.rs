//! Short decimal numbers, which nearly all numbers of a table are: read in one pass over their bytes, eight at a time,
//! and exact to the last bit. What is longer, or has an exponent, is left to the standard library.

use super::cell::Cell;

/// The most digits of which any number fits in 64 bits.
const MOST_DIGITS: usize = 19;

/// Whole numbers up to here are exact as `f64`.
const EXACT: u64 = 1 << 53;

/// 10ⁿ, each of them exact.
const POWERS: [f64; MOST_DIGITS + 1] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19,
];

/// Reads digits with a sign before and a `point` among them, if that is all there is and it is short.
#[inline]
pub(super) fn short_decimal(text: &[u8], point: u8) -> Option<Cell> {
    let (negative, start) = match text.first()? {
        b'-' => (true, 1),
        b'+' => (false, 1),
        _ => (false, 0),
    };
    if text.len() - start > MOST_DIGITS + 1 {
        return None;
    }
    let (whole, behind) = digits(text, start, 0);
    let before_point = behind - start;
    if behind == text.len() {
        if !(1..MOST_DIGITS).contains(&before_point) {
            return None;
        }
        // One digit less than fits in an i64, whatever the digits are.
        let integer = whole as i64;
        return Some(Cell::Integer(if negative { -integer } else { integer }));
    }
    if text[behind] != point {
        return None;
    }
    let (value, end) = digits(text, behind + 1, whole);
    let places = end - (behind + 1);
    if end < text.len() || before_point + places == 0 {
        return None;
    }
    let number = shifted(value, places);
    Some(Cell::Number(if negative { -number } else { number }))
}

/// Appends the digits from byte `at` on to `value`; says where they end. More than fit give a useless value.
#[inline(always)]
fn digits(text: &[u8], mut at: usize, mut value: u64) -> (u64, usize) {
    while at < text.len() {
        let word = word(text, at) ^ ZEROS;
        // A byte above nine has its highest bit, or gets it from the sum; what it carries spoils later bytes only.
        let others = (word.wrapping_add(0x76 * ONES) | word) & (0x80 * ONES);
        let count = others.trailing_zeros() as usize / 8;
        if count == 0 {
            break;
        }
        value = value.wrapping_mul(TENS[count]).wrapping_add(eight(word << (64 - 8 * count)));
        at += count;
        if count < 8 {
            break;
        }
    }
    (value, at)
}

const ONES: u64 = u64::from_le_bytes([1; 8]);
const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);
const TENS: [u64; 9] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// Eight bytes from `at` on, the first one lowest; behind the end of the text they are zero.
#[inline(always)]
fn word(text: &[u8], at: usize) -> u64 {
    if let Some(eight) = text[at..].first_chunk() {
        return u64::from_le_bytes(*eight);
    }
    match text.last_chunk() {
        Some(last) => u64::from_le_bytes(*last) >> (8 * (8 - (text.len() - at))),
        None => few(text) >> (8 * at),
    }
}

/// All bytes of a text of less than eight, without a loop of as many rounds.
#[inline(always)]
fn few(text: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let last = u64::from(u32::from_le_bytes(*last)) << (8 * (text.len() - 4));
        return u64::from(u32::from_le_bytes(*first)) | last;
    }
    let byte = |at: usize| text.get(at).map_or(0, |&byte| u64::from(byte) << (8 * at));
    byte(0) | byte(1) | byte(2)
}

/// The number of eight digits, one a byte, the first one lowest: of pairs, then of fours, then of all.
#[inline(always)]
fn eight(digits: u64) -> u64 {
    const PAIR: u64 = 0x0000_00ff_0000_00ff;
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let first = (pairs & PAIR).wrapping_mul(100 + (1_000_000 << 32));
    let second = (pairs >> 16 & PAIR).wrapping_mul(1 + (10_000 << 32));
    first.wrapping_add(second) >> 32
}

/// `value` / 10^`places`, rounded once.
#[inline]
fn shifted(value: u64, places: usize) -> f64 {
    if value <= EXACT {
        return value as i64 as f64 / POWERS[places];
    }
    // Both with their highest bits set, so that the quotient has 63 bits or 64 behind the point. A rest makes it odd:
    // far below the 53 bits that stay, that alone keeps a tie from being seen where there is none.
    let divisor = 10_u64.pow(places as u32);
    let (up, down) = (value.leading_zeros(), divisor.leading_zeros());
    let dividend = u128::from(value << up) << 63;
    let divisor = u128::from(divisor << down);
    let quotient = (dividend / divisor) as u64 | u64::from(dividend % divisor != 0);
    let exponent = i64::from(down) - i64::from(up) - 63;
    quotient as f64 * f64::from_bits(((1023 + exponent) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

    fn check(text: &str) {
        let whole = text.parse::<i64>().ok();
        match short_decimal(text.as_bytes(), b'.') {
            Some(Cell::Integer(integer)) => assert_eq!(Some(integer), whole, "{text}"),
            Some(Cell::Number(number)) => {
                let expected: f64 = text.parse().unwrap();
                assert_eq!(number.to_bits(), expected.to_bits(), "{text}: {number:?}, {expected:?}");
                assert_eq!(whole, None, "{text}");
            }
            Some(cell) => panic!("{text}: {cell:?}"),
            // Nothing short and plain is left to others.
            None => {
                let digits = text.bytes().filter(u8::is_ascii_digit).count();
                let plain =
                    text.parse::<f64>().is_ok() && text.bytes().all(|b| b"+-.0123456789".contains(&b));
                assert!(!plain || digits + usize::from(text.contains('.')) >= MOST_DIGITS, "{text}");
            }
        }
    }

    fn run<S: Strategy>(cases: u32, strategy: S, test: impl Fn(S::Value)) {
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[5; 32]);
        TestRunner::new_with_rng(config, rng)
            .run(&strategy, |value| {
                test(value);
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn numbers_are_those_of_the_standard_library_bit_for_bit() {
        run(20_000, "[+-]?[0-9]{0,20}\\.?[0-9]{0,20}", |text| check(&text));
        run(20_000, "[+-]?0?\\.[0-9]{15,18}", |text| check(&text));
        run(20_000, 0.0..1e6, |number: f64| check(&number.to_string()));
        run(20_000, "[-+.,e0-9 /:a]{0,12}", |text| check(&text));
    }

    #[test]
    fn ties_and_their_neighbours_are_rounded_as_they_should() {
        // Halfway between two f64, and one in the last place beside it.
        for odd in [(1_u64 << 53) + 1, (1 << 53) + 3, (1 << 54) - 1, (1 << 55) + 4, (1 << 60) + 128] {
            for value in [odd - 1, odd, odd + 1] {
                for text in
                    [format!("{value}.0"), format!("{value}."), format!("-{value}.5"), format!("{value}")]
                {
                    check(&text);
                }
                for places in 1..=MOST_DIGITS {
                    let digits = format!("{value:020}");
                    let (whole, rest) = digits.split_at(20 - places);
                    check(&format!("{}.{rest}", whole.trim_start_matches('0')));
                }
            }
        }
        for text in [
            "18446744073709551615",
            "-9223372036854775808",
            "9999999999999999999",
            "999999999999999999",
            "0.9999999999999999999",
            "-0",
            "-0.0",
            ".",
            "-",
            "+.",
            "",
        ] {
            check(text);
        }
    }

    #[test]
    fn a_point_may_be_another_character() {
        assert_eq!(short_decimal(b"-3,25", b','), Some(Cell::Number(-3.25)));
        assert_eq!(short_decimal(b"3.25", b','), None);
    }
}
