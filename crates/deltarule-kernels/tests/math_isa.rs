//! The elementary functions give the same bits on every instruction set of this machine.

mod functions;
mod random;

use deltarule_kernels::{Isa, Matrix, Real, Rows, ThreadPool, products};
use functions::{ALL, Function};
use random::Random;

/// Values over all magnitudes and of both signs, some from where the formulas change, and the special ones.
fn values<T: Real>(count: usize, from_bits: impl Fn(u64) -> T) -> Vec<T> {
    let mut random = Random(1);
    let specials =
        [0.0, 1.0, 0.55, 0.7, 0.5, 2.0, 6.0, 104.0, 746.0, 89.0, 710.0, f64::INFINITY, f64::NAN, 1e-310];
    let mut values: Vec<T> = specials.iter().flat_map(|&x| [T::from_f64(x), T::from_f64(-x)]).collect();
    values.extend((0..count).map(|i| match i % 3 {
        0 => from_bits(random.next()),
        1 => T::from_f64((random.next() >> 11) as f64 / 2f64.powi(48) - 16.0),
        _ => T::from_f64((random.next() >> 11) as f64 / 2f64.powi(42) - 1024.0),
    }));
    values
}

fn same_bits<T: Real>(from_bits: impl Fn(u64) -> T) {
    let values = values(30_000, from_bits);
    let x = Matrix::from_fn(1, values.len(), |_, j| values[j]);
    for name in ALL {
        let f = Function(name);
        let mut expected = Matrix::zeros(1, values.len());
        let scalar = Isa::named("scalar").unwrap();
        products::map(&ThreadPool::with_isa(1, scalar), Rows::all(&x), f, &mut expected);
        for isa in Isa::available() {
            let mut got = Matrix::zeros(1, values.len());
            products::map(&ThreadPool::with_isa(1, isa), Rows::all(&x), f, &mut got);
            for (j, x) in values.iter().enumerate() {
                let (got, expected) = (got.at(0, j).to_f64(), expected.at(0, j).to_f64());
                let same = got.to_bits() == expected.to_bits() || (got.is_nan() && expected.is_nan());
                assert!(same, "{name}({x}) is {got:e} with {isa} and {expected:e} with scalar");
            }
        }
    }
}

#[test]
fn f32() {
    same_bits(|bits| f32::from_bits(bits as u32));
}

#[test]
fn f64() {
    same_bits(f64::from_bits);
}
