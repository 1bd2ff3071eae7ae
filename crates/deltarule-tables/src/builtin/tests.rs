use super::*;
use crate::error::ErrorKind;

const SHAPES: [&str; 5] = ["moons", "circles", "spirals", "blobs", "xor"];

#[test]
fn every_name_loads_and_splits() {
    for name in Builtin::NAMES {
        let set = Builtin::parse(name).unwrap();
        assert_eq!(set.name(), name);
        let samples = set.load();
        assert_eq!(samples.x.rows(), samples.len());
        assert_eq!(samples.x.cols(), samples.features.len());
        assert!(samples.labels.iter().all(|&label| (label as usize) < samples.classes.len()));
        let split = samples.split(0);
        assert_eq!(split.held_out.len(), (samples.len() as f64 / 5.0).round() as usize);
        assert_eq!(split.train.len() + split.held_out.len(), samples.len());
    }
}

#[test]
fn a_description_written_out_reads_the_same() {
    for name in SHAPES {
        for options in ["", ":n=40", ":noise=0.25,n=50", ":seed=18446744073709551615"] {
            let set = Builtin::parse(&format!("{name}{options}")).unwrap();
            assert_eq!(set.to_string().parse(), Ok(set));
        }
    }
    let moons = Builtin::parse("moons:n=500,noise=0.1,seed=3").unwrap();
    assert_eq!(
        moons,
        Builtin::Generated(Generated { shape: Shape::Moons, n: 500, noise: 0.1, classes: 2, seed: 3 })
    );
    assert_eq!(Builtin::parse("blobs:classes=5").unwrap().load().classes.len(), 5);
}

#[test]
fn what_cannot_be_read_says_why() {
    let message = |spec: &str| {
        let error = Builtin::parse(spec).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        error.advice().map_or_else(|| error.to_string(), |hint| format!("{error}\nhint: {hint}"))
    };
    assert_eq!(
        message("mooons"),
        "expected a built-in data set: digits, iris, moons, circles, spirals, blobs, xor, found `mooons`\n\
         hint: did you mean `moons`?"
    );
    assert_eq!(
        message("iris:n=5"),
        "expected `iris` without options: it is embedded as it is, found `iris:n=5`"
    );
    assert_eq!(message("moons:n=0"), "expected n=a number of samples from 10 to 10000000, found `0`");
    assert_eq!(message("moons:n=-3"), "expected n=a number of samples from 10 to 10000000, found `-3`");
    assert_eq!(message("moons:noise=NaN"), "expected noise=a standard deviation from 0 to 1000, found `NaN`");
    assert_eq!(message("moons:noise=-1"), "expected noise=a standard deviation from 0 to 1000, found `-1`");
    assert_eq!(
        message("moons:nois=1"),
        "expected an option of `moons`: n, noise, seed, found `nois`\nhint: did you mean `noise`?"
    );
    assert_eq!(message("moons:classes=3"), "expected an option of `moons`: n, noise, seed, found `classes`");
    assert_eq!(
        message("xor:500"),
        "expected an option as key=value, found `500`\nhint: such as `xor:n=500,noise=0.1,seed=3`"
    );
    assert_eq!(message("xor:n=20,n=30"), "expected `n` once, found `n=30` again");
    assert_eq!(
        message("blobs:n=10,classes=6"),
        "expected two samples or more for each of 6 classes, found n=10"
    );
}

#[test]
fn only_names_of_sets_are_taken_for_them() {
    assert!(Builtin::is_named_by("digits") && Builtin::is_named_by("moons:n=5"));
    assert!(
        !Builtin::is_named_by("moons.csv") && !Builtin::is_named_by("") && !Builtin::is_named_by("Digits")
    );
}

fn generate(spec: &str) -> Labelled {
    Builtin::parse(spec).unwrap().load()
}

/// Without noise every point lies where the shape's definition puts it.
#[test]
fn points_lie_on_their_shapes() {
    let all = |spec: &str, right: fn(f32, f32, u32) -> bool| {
        let samples = generate(spec);
        for (i, &class) in samples.labels.iter().enumerate() {
            assert_eq!(class, i as u32 % samples.classes.len() as u32);
            let row = samples.x.row(i);
            assert!(right(row[0], row[1], class), "{spec}: {row:?} of class {class}");
        }
    };
    all("moons:noise=0", |x, y, class| {
        let (u, v) = if class == 0 { (x, y) } else { (1.0 - x, 0.5 - y) };
        (u.hypot(v) - 1.0).abs() < 1e-6 && v > -1e-6
    });
    all("circles:noise=0", |x, y, class| (x.hypot(y) - [1.0, 0.5][class as usize]).abs() < 1e-6);
    all("spirals:noise=0,classes=3", |x, y, class| {
        // The angle in turns is 1.5 t + class/3, t being the radius; compare up to whole turns.
        let radius = f64::from(x).hypot(f64::from(y));
        let turns = f64::from(y).atan2(f64::from(x)) / std::f64::consts::TAU;
        let off = turns - 1.5 * radius - f64::from(class) / 3.0;
        radius <= 1.0 && (off - off.round()).abs() * radius < 1e-6
    });
    all("blobs:noise=0,classes=4", |x, y, class| {
        let (u, v) = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)][class as usize];
        (x - u).abs() < 1e-6 && (y - v).abs() < 1e-6
    });
    all("xor", |x, y, class| x.abs() <= 1.0 && y.abs() <= 1.0 && ((x < 0.0) != (y < 0.0)) == (class == 1));
}

#[test]
fn xor_visits_all_four_quadrants_evenly() {
    let samples = generate("xor:n=100");
    let mut quadrants = [0; 4];
    for i in 0..100 {
        let row = samples.x.row(i);
        quadrants[usize::from(row[0] < 0.0) * 2 + usize::from(row[1] < 0.0)] += 1;
    }
    assert_eq!(quadrants, [25; 4]);
}

#[test]
fn noise_has_the_standard_deviation_asked_for() {
    let (clean, noisy) = (generate("blobs:n=20000,noise=0"), generate("blobs:n=20000,noise=0.3"));
    let mut sum = 0.0;
    let mut squares = 0.0;
    for i in 0..20_000 {
        for k in 0..2 {
            let e = f64::from(noisy.x.at(i, k) - clean.x.at(i, k));
            sum += e;
            squares += e * e;
        }
    }
    // 40,000 draws: standard errors 0.0015 and 0.0011.
    assert!((sum / 40_000.0).abs() < 0.006);
    assert!(((squares / 40_000.0).sqrt() - 0.3).abs() < 0.005);
}

#[test]
fn the_seed_decides_and_a_larger_set_starts_with_the_smaller() {
    for name in SHAPES {
        let noise = "noise=0.1";
        let small = generate(&format!("{name}:{noise},n=30,seed=5"));
        let large = generate(&format!("{name}:{noise},n=60,seed=5"));
        let other = generate(&format!("{name}:{noise},n=30,seed=6"));
        assert!((0..30).all(|i| small.x.row(i) == large.x.row(i)), "{name}");
        assert!((0..30).any(|i| small.x.row(i) != other.x.row(i)), "{name}");
    }
}

/// The very bits of a few coordinates: another platform that makes other points fails here.
#[test]
fn points_are_the_same_everywhere() {
    let bits: Vec<u32> = SHAPES
        .iter()
        .flat_map(|name| {
            let samples = generate(&format!("{name}:n=10,noise=0.1,seed=42"));
            samples.x.row(7).iter().map(|value| value.to_bits()).collect::<Vec<_>>()
        })
        .collect();
    let expected = [
        1049607850, 3200120492, 1018800980, 1050959575, 1023796193, 1050721808, 3204374755, 1060110015,
        3195475166, 1057628865,
    ];
    assert_eq!(bits, expected);
}
