//! Every σ and σ′ together: against figures from the formulas, against differences, and where z is 0, large or at a kink.

use crate::common::{elementwise, jumps};
use deltarule::{Activation, Cost, Matrix, Real, Rows, ThreadPool, Variants};
use deltarule_kernels::products::{map, scale_by_derivative, source_of};

/// σ and σ′ at z, as the products compute them.
fn both<T: Real>(activation: Activation, z: T) -> (T, T) {
    let z = Matrix::from_rows(&[[z]]);
    let (mut a, mut slope) = (Matrix::zeros(1, 1), Matrix::from_rows(&[[T::ONE]]));
    let pool = ThreadPool::single();
    map(&pool, Rows::all(&z), activation, &mut a);
    scale_by_derivative(&pool, activation, source_of(activation, &z, &a), &mut slope);
    (a.at(0, 0), slope.at(0, 0))
}

/// z, σ(z), σ′(z).
type Figure = (f64, f64, f64);

/// From the formulas in the table of `activation.rs`, by Python's `math`.
#[rustfmt::skip]
const FIGURES: [(Activation, [Figure; 5]); 13] = [
    (Activation::Identity, [
        (-2.5, -2.5, 1.0),
        (-0.5, -0.5, 1.0),
        (0.0, 0.0, 1.0),
        (0.75, 0.75, 1.0),
        (3.0, 3.0, 1.0),
    ]),
    (Activation::Sigmoid, [
        (-2.5, 0.07585818002124356, 0.07010371654510818),
        (-0.5, 0.37754066879814546, 0.23500371220159452),
        (0.0, 0.5, 0.25),
        (0.75, 0.679178699175393, 0.21789499376181398),
        (3.0, 0.9525741268224334, 0.045176659730912144),
    ]),
    (Activation::Tanh, [
        (-2.5, -0.9866142981514303, 0.026592226683160525),
        (-0.5, -0.46211715726000974, 0.7864477329659274),
        (0.0, 0.0, 1.0),
        (0.75, 0.6351489523872873, 0.5965858082813315),
        (3.0, 0.9950547536867305, 0.009866037165440211),
    ]),
    (Activation::Relu, [
        (-2.5, 0.0, 0.0),
        (-0.5, 0.0, 0.0),
        (0.0, 0.0, 0.0),
        (0.75, 0.75, 1.0),
        (3.0, 3.0, 1.0),
    ]),
    (Activation::LeakyRelu { slope: 0.1 }, [
        (-2.5, -0.25, 0.1),
        (-0.5, -0.05, 0.1),
        (0.0, 0.0, 0.1),
        (0.75, 0.75, 1.0),
        (3.0, 3.0, 1.0),
    ]),
    (Activation::Elu { alpha: 0.7 }, [
        (-2.5, -0.6425405009632709, 0.05745949903672916),
        (-0.5, -0.2754285382011566, 0.42457146179884336),
        (0.0, 0.0, 0.7),
        (0.75, 0.75, 1.0),
        (3.0, 3.0, 1.0),
    ]),
    (Activation::Selu, [
        (-2.5, -1.6137857588732425, 0.1443135819741343),
        (-0.5, -0.6917581878028713, 1.0663411530445053),
        (0.0, 0.0, 1.7580993408473766),
        (0.75, 0.7880257405166103, 1.0507009873554805),
        (3.0, 3.1521029620664414, 1.0507009873554805),
    ]),
    (Activation::Gelu, [
        (-2.5, -0.015524163314440348, -0.037611085908145214),
        (-0.5, -0.15426876936299344, 0.13250487534383712),
        (0.0, 0.0, 0.5),
        (0.75, 0.5800294857173488, 0.9992257217392351),
        (3.0, 2.99595030590511, 1.011945647204184),
    ]),
    (Activation::GeluTanh, [
        (-2.5, -0.015084266089998577, -0.03795157621266612),
        (-0.5, -0.15428599017485606, 0.13263009646535764),
        (0.0, 0.0, 0.5),
        (0.75, 0.5799605551656203, 0.9989382561374143),
        (3.0, 2.996362607918227, 1.0115841666309695),
    ]),
    (Activation::Silu, [
        (-2.5, -0.1896454500531089, -0.09940111134152688),
        (-0.5, -0.18877033439907273, 0.26003881269734824),
        (0.0, 0.0, 0.5),
        (0.75, 0.5093840243815447, 0.8425999444967535),
        (3.0, 2.8577223804673, 1.0881041060151697),
    ]),
    (Activation::Mish, [
        (-2.5, -0.19681620390653337, -0.10974357275018569),
        (-0.5, -0.22074377465173, 0.2895106779135122),
        (0.0, 0.0, 0.6),
        (0.75, 0.6100183352182934, 0.9857583557166881),
        (3.0, 2.9865350049679575, 1.0211069109294435),
    ]),
    (Activation::Softplus, [
        (-2.5, 0.07888973429254963, 0.07585818002124356),
        (-0.5, 0.4740769841801067, 0.37754066879814546),
        (0.0, std::f64::consts::LN_2, 0.5),
        (0.75, 1.1368710061148999, 0.679178699175393),
        (3.0, 3.048587351573742, 0.9525741268224334),
    ]),
    (Activation::Exp, [
        (-2.5, 0.0820849986238988, 0.0820849986238988),
        (-0.5, 0.6065306597126334, 0.6065306597126334),
        (0.0, 1.0, 1.0),
        (0.75, 2.117000016612675, 2.117000016612675),
        (3.0, 20.085536923187668, 20.085536923187668),
    ]),
];

#[test]
fn values_and_derivatives_are_those_of_the_formulas() {
    for name in Activation::names().into_iter().filter(|&name| name != "softmax") {
        assert!(FIGURES.iter().any(|(activation, _)| activation.name() == name), "no figures of {name}");
    }
    for (activation, figures) in FIGURES {
        for (z, value, slope) in figures {
            let (a, prime) = both(activation, z);
            assert!(
                (a - value).abs() <= 4e-16 * value.abs().max(1.0),
                "{activation}({z}) = {a}, not {value}"
            );
            assert!(
                (prime - slope).abs() <= 1e-15 * slope.abs().max(1.0),
                "{activation}′({z}) = {prime}, not {slope}"
            );
            let (a, prime) = both(activation, z as f32);
            assert!((f64::from(a) - value).abs() <= 3e-7 * value.abs().max(1.0), "{activation}({z}) = {a}");
            assert!(
                (f64::from(prime) - slope).abs() <= 6e-7 * slope.abs().max(1.0),
                "{activation}′({z}) = {prime}"
            );
        }
    }
}

#[test]
fn the_derivative_is_that_of_the_value() {
    for activation in elementwise() {
        for step in -600..=600 {
            // Never 0, where some have a kink.
            let z = f64::from(step) / 100.0 + 0.003;
            let h = 1e-3;
            let difference = |h: f64| (both(activation, z + h).0 - both(activation, z - h).0) / (2.0 * h);
            let numeric = (4.0 * difference(h / 2.0) - difference(h)) / 3.0;
            let prime = both(activation, z).1;
            assert!(
                (prime - numeric).abs() <= 1e-10 * prime.abs().max(1.0),
                "{activation}′({z}): {prime} {numeric}"
            );
        }
    }
}

/// What σ and σ′ come to far to the left and far to the right; `None` where σ grows as e^z.
fn limits(activation: Activation, z: f64) -> Option<(f64, f64)> {
    let right = z > 0.0;
    let sided = |left: (f64, f64), at_right: (f64, f64)| Some(if right { at_right } else { left });
    match activation {
        Activation::Identity => Some((z, 1.0)),
        Activation::Sigmoid => sided((0.0, 0.0), (1.0, 0.0)),
        Activation::Tanh => sided((-1.0, 0.0), (1.0, 0.0)),
        Activation::LeakyRelu { slope } => sided((slope * z, slope), (z, 1.0)),
        Activation::Elu { alpha } => sided((-alpha, 0.0), (z, 1.0)),
        Activation::Selu => {
            sided((-1.758_099_340_847_376_6, 0.0), (1.050_700_987_355_480_5 * z, 1.050_700_987_355_480_5))
        }
        Activation::Exp => (!right).then_some((0.0, 0.0)),
        _ => sided((0.0, 0.0), (z, 1.0)),
    }
}

#[test]
fn far_from_zero_they_reach_their_limits_without_nan() {
    for activation in elementwise() {
        for z in [-1e4, -1e18, -3e38, 1e4, 1e18, 3e38] {
            let Some((value, slope)) = limits(activation, z) else { continue };
            let (a, prime) = both(activation, z);
            assert!((a - value).abs() <= 1e-12 * value.abs().max(1.0), "{activation}({z}) = {a}");
            assert!((prime - slope).abs() <= 1e-12, "{activation}′({z}) = {prime}");
            let (a, prime) = both(activation, z as f32);
            assert!(
                (f64::from(a) - value).abs() <= 1e-6 * value.abs().max(1.0),
                "{activation}({z}) = {a} in f32"
            );
            assert!((f64::from(prime) - slope).abs() <= 1e-6, "{activation}′({z}) = {prime} in f32");
        }
    }
}

#[test]
fn at_a_kink_the_derivative_is_the_one_from_the_left() {
    let left = |activation| both(activation, 0.0_f64).1;
    assert_eq!(left(Activation::Relu), 0.0);
    assert_eq!(left(Activation::LeakyRelu { slope: 0.1 }), 0.1);
    assert_eq!(left(Activation::Elu { alpha: 0.7 }), 0.7);
    assert_eq!(left(Activation::Selu), 1.0507009873554805 * 1.6732632423543772);
}

#[test]
fn kinks_are_where_slope_or_curvature_jumps() {
    for activation in elementwise().chain([Activation::LeakyRelu { slope: 1.0 }]) {
        assert_eq!(jumps(|z| both(activation, z).0), activation.kinks(), "{activation}");
    }
}

#[test]
fn nan_is_not_hidden() {
    for activation in elementwise() {
        assert!(both(activation, f64::NAN).0.is_nan(), "{activation}");
        assert!(both(activation, f32::NAN).0.is_nan(), "{activation}");
    }
}

#[test]
fn what_is_no_activation_is_refused() {
    let message = |text: &str| text.parse::<Activation>().unwrap_err().to_string();
    assert!(message("rleu").starts_with("unknown activation `rleu`: did you mean `relu`?"));
    assert_eq!(message("tanh:2"), "activation tanh: expected no parameter, found `2`");
    assert_eq!(message("elu:x"), "activation elu: expected a number after the colon, as in elu:1, found `x`");
    assert_eq!(message("leaky-relu:-1"), "slope of leaky-relu: expected a finite number from 0 up, found -1");
    assert!(serde_json::from_str::<Activation>("\"elu:nan\"").is_err());
}

#[test]
fn what_is_no_cost_is_refused() {
    let message = |text: &str| text.parse::<Cost>().unwrap_err().to_string();
    assert!(message("cross-entropy").starts_with("unknown cost `cross-entropy`"));
    assert_eq!(message("huber:0"), "delta of huber: expected a finite number above 0, found 0");
    assert_eq!(message("quantile:1"), "q of quantile: expected a number between 0 and 1, found 1");
    assert_eq!(
        message("softmax-cross-entropy:1"),
        "smoothing of softmax-cross-entropy: expected a number from 0 to below 1, found 1"
    );
}
