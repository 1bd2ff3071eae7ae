//! The elementary functions are within 2 units in the last place of the correctly rounded result.
//!
//! `f64`: against correctly rounded values stored by `tools/reference.py`. `f32`: against the double-precision
//! functions of another library, on every thousandth input; or, in minutes, on all 2³² against our own in `f64`:
//!
//! ```sh
//! DELTARULE_EXHAUSTIVE=1 RUSTFLAGS="-C target-cpu=native" \
//!     cargo test --release -p deltarule-kernels --test math f32 -- --nocapture --test-threads 1
//! ```

use deltarule_kernels::math;

/// How many steps from one bit pattern to the next lie between `a` and `b`; 0 between NaN and NaN, and many where
/// only one is NaN or where zeros differ in sign.
macro_rules! steps {
    ($name:ident, $t:ident, $signed:ident) => {
        fn $name(a: $t, b: $t) -> u64 {
            let place = |x: $t| {
                let bits = x.to_bits() as $signed;
                i128::from(if bits < 0 { $signed::MIN.wrapping_sub(bits) } else { bits })
            };
            let mismatch = a.is_nan() != b.is_nan()
                || (a == 0.0 && b == 0.0 && a.is_sign_negative() != b.is_sign_negative());
            if mismatch {
                u64::MAX
            } else if a.is_nan() {
                0
            } else {
                (place(a) - place(b)).unsigned_abs() as u64
            }
        }
    };
}
steps!(steps_f32, f32, i32);
steps!(steps_f64, f64, i64);

/// The most steps and the largest error in units in the last place, with where they occur.
#[derive(Clone, Copy, Debug, Default)]
struct Worst {
    steps: u64,
    error: f64,
    at: f64,
}

impl Worst {
    fn add(&mut self, steps: u64, error: f64, at: f64) {
        if (steps, error) > (self.steps, self.error) {
            *self = Worst { steps, error, at };
        }
    }
}

fn worst_f32(ours: impl Fn(f32) -> f32 + Sync, exact: impl Fn(f64) -> f64 + Sync, stride: u64) -> Worst {
    const CHUNK: u64 = 1024;
    let half = |from: u64| {
        let mut worst = Worst::default();
        let (mut got, mut expected) = ([0.0; CHUNK as usize], [0.0; CHUNK as usize]);
        for chunk in (from..from + (1 << 31)).step_by((CHUNK * stride) as usize) {
            let x = |i: usize| f32::from_bits((chunk + i as u64 * stride) as u32);
            for (i, got) in got.iter_mut().enumerate() {
                *got = ours(x(i));
            }
            for (i, expected) in expected.iter_mut().enumerate() {
                *expected = exact(f64::from(x(i)));
            }
            for (i, (&got, &exact)) in got.iter().zip(&expected).enumerate() {
                let steps = steps_f32(got, exact as f32);
                if steps > 0 && steps >= worst.steps {
                    let least = f64::from(f32::from_bits(1));
                    let unit = (2f64.powi(exact.abs().log2().floor() as i32 - 23)).max(least);
                    worst.add(steps, (f64::from(got) - exact).abs() / unit, f64::from(x(i)));
                }
            }
        }
        worst
    };
    std::thread::scope(|scope| {
        let negative = scope.spawn(|| half(1 << 31));
        let mut worst = half(0);
        let negative = negative.join().unwrap();
        worst.add(negative.steps, negative.error, negative.at);
        worst
    })
}

/// Where the points of the function at this place in the file begin.
fn stored(place: usize) -> impl Iterator<Item = (f64, f64, f64)> {
    let mut rest: &[u8] = include_bytes!("math_f64.bin");
    let mut take = || {
        let (count, after) = rest.split_first_chunk::<4>().unwrap();
        let (points, after) = after.split_at(17 * u32::from_le_bytes(*count) as usize);
        rest = after;
        points
    };
    for _ in 0..place {
        take();
    }
    take().chunks_exact(17).map(|point| {
        let number = |at: usize| f64::from_le_bytes(point[at..at + 8].try_into().unwrap());
        (number(0), number(8), f64::from(point[16] as i8) / 254.0)
    })
}

fn worst_f64(ours: impl Fn(f64) -> f64, place: usize) -> Worst {
    let mut worst = Worst::default();
    let mut count = 0;
    for (x, y, beyond) in stored(place) {
        let got = ours(x);
        let steps = steps_f64(got, y);
        let upwards = if got.abs() > y.abs() { steps as f64 } else { -(steps as f64) };
        worst.add(steps, (upwards - beyond * y.signum()).abs(), x);
        count += 1;
    }
    assert!(count > 1000);
    worst
}

macro_rules! within_two_ulps {
    ($($place:literal $name:ident: $exact:expr;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn f32() {
                let worst = if std::env::var_os("DELTARULE_EXHAUSTIVE").is_some() {
                    worst_f32(math::$name::<f32>, math::$name::<f64>, 1)
                } else {
                    // Odd, so that mantissas vary.
                    worst_f32(math::$name::<f32>, $exact, 1009)
                };
                println!("{} f32: {worst:.3?}", stringify!($name));
                assert!(worst.steps <= 2, "{worst:?}");
            }

            #[test]
            fn f64() {
                let worst = worst_f64(math::$name::<f64>, $place);
                println!("{} f64: {worst:.3?}", stringify!($name));
                assert!(worst.steps <= 2, "{worst:?}");
            }
        }
    )*};
}

within_two_ulps! {
    0 exp: libm::exp;
    1 expm1: libm::expm1;
    2 ln: libm::log;
    3 ln_1p: libm::log1p;
    4 tanh: libm::tanh;
    5 erf: libm::erf;
    6 sigmoid: |x: f64| if x < 0.0 { libm::exp(x) / (1.0 + libm::exp(x)) } else { 1.0 / (1.0 + libm::exp(-x)) };
    7 softplus: |x: f64| if x > 700.0 { x } else { libm::log1p(libm::exp(x)) };
}

macro_rules! specials {
    ($t:ident, $steps:ident) => {
        #[test]
        fn $t() {
            let (inf, nan, least, ln2) = ($t::INFINITY, $t::NAN, $t::from_bits(1), std::$t::consts::LN_2);
            let ln_least = libm::log(f64::from(least)) as $t;
            let cases: [(&str, fn($t) -> $t, [$t; 7]); 8] = [
                // at NaN, −∞, ∞, −0, 0, the least subnormal number and its negative
                ("exp", math::exp, [nan, 0.0, inf, 1.0, 1.0, 1.0, 1.0]),
                ("expm1", math::expm1, [nan, -1.0, inf, -0.0, 0.0, least, -least]),
                ("ln", math::ln, [nan, nan, inf, -inf, -inf, ln_least, nan]),
                ("ln_1p", math::ln_1p, [nan, nan, inf, -0.0, 0.0, least, -least]),
                ("tanh", math::tanh, [nan, -1.0, 1.0, -0.0, 0.0, least, -least]),
                ("erf", math::erf, [nan, -1.0, 1.0, -0.0, 0.0, least, -least]),
                ("sigmoid", math::sigmoid, [nan, 0.0, 1.0, 0.5, 0.5, 0.5, 0.5]),
                ("softplus", math::softplus, [nan, 0.0, inf, ln2, ln2, ln2, ln2]),
            ];
            for (name, f, expected) in cases {
                for (x, y) in [nan, -inf, inf, -0.0, 0.0, least, -least].into_iter().zip(expected) {
                    let exact = !y.is_normal() || y.fract() == 0.0 || y == 0.5;
                    let steps = $steps(f(x), y);
                    assert!(steps <= if exact { 0 } else { 2 }, "{name}({x:e}) is {:e} and not {y:e}", f(x));
                }
            }
            assert_eq!(math::ln_1p::<$t>(-1.0), -inf);
            assert!(math::ln_1p::<$t>(-1.5).is_nan());
            assert_eq!($steps(math::ln(1.0), 0.0), 0);
        }
    };
}

mod specials {
    use super::*;

    specials!(f32, steps_f32);
    specials!(f64, steps_f64);
}
