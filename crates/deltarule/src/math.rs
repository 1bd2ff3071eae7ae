//! Stand-in until the kernels' own functions land.
use crate::Real;
use deltarule_kernels::Lanes;

fn each<V: Lanes>(x: V, f: impl Fn(f64) -> f64) -> V {
    let mut lanes = [V::Real::ZERO; 64];
    x.store(&mut lanes[..V::COUNT]);
    for lane in &mut lanes[..V::COUNT] {
        *lane = V::Real::from_f64(f(lane.to_f64()));
    }
    V::load(&lanes[..V::COUNT])
}
pub(crate) fn exp<V: Lanes>(x: V) -> V {
    each(x, f64::exp)
}
pub(crate) fn expm1<V: Lanes>(x: V) -> V {
    each(x, f64::exp_m1)
}
pub(crate) fn ln_1p<V: Lanes>(x: V) -> V {
    each(x, f64::ln_1p)
}
pub(crate) fn tanh<V: Lanes>(x: V) -> V {
    each(x, f64::tanh)
}
pub(crate) fn sigmoid<V: Lanes>(x: V) -> V {
    each(x, |x| 1.0 / (1.0 + (-x).exp()))
}
pub(crate) fn softplus<V: Lanes>(x: V) -> V {
    each(x, |x| x.max(0.0) + (-x.abs()).exp().ln_1p())
}
pub(crate) fn erf<V: Lanes>(x: V) -> V {
    each(x, |x| {
        if x.abs() > 6.0 {
            return x.signum();
        }
        if x.abs() > 2.0 {
            let y = x.abs();
            let f = (1..200).rev().fold(0.0, |f: f64, k| (k as f64 / 2.0) / (y + f));
            return x.signum() * (1.0 - (-y * y).exp() / std::f64::consts::PI.sqrt() / (y + f));
        }
        let (mut term, mut sum) = (x, x);
        for n in 1..200 {
            term *= -x * x / n as f64;
            sum += term / (2 * n + 1) as f64;
        }
        sum * 2.0 / std::f64::consts::PI.sqrt()
    })
}
