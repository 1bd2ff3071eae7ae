//! Points of the plane that a seed makes, the same on every machine.

use super::suggesting;
use crate::error::TableError;
use crate::labelled::Labelled;
use deltarule::error::nearest;
use deltarule::random::{Purpose, Random};
use deltarule::{Hint, Matrix};
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Streams of random numbers: places along a shape, across it, and the noise.
const ALONG: u32 = 0;
const ACROSS: u32 = 1;
const NOISE: u32 = 2;

/// How the points of each class lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Half circles of radius 1: class 0 the upper one around (0, 0), class 1 the lower one around (1, ½).
    Moons,
    /// Circles around (0, 0): class 0 of radius 1, class 1 of radius ½.
    Circles,
    /// Arms from the middle outwards, spread evenly: radius t, angle 1.5 turns · t, t from 0 to 1.
    Spirals,
    /// Normal clouds whose middles lie evenly on the unit circle, the first at (1, 0).
    Blobs,
    /// The square from −1 to 1: class 1 where the signs of the coordinates differ.
    Xor,
}

impl Shape {
    const ALL: [Self; 5] = [Self::Moons, Self::Circles, Self::Spirals, Self::Blobs, Self::Xor];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shape| shape.name() == name)
    }

    /// The name in a description.
    pub fn name(self) -> &'static str {
        match self {
            Self::Moons => "moons",
            Self::Circles => "circles",
            Self::Spirals => "spirals",
            Self::Blobs => "blobs",
            Self::Xor => "xor",
        }
    }

    fn default_noise(self) -> f64 {
        match self {
            Self::Moons => 0.1,
            Self::Circles => 0.05,
            Self::Spirals => 0.02,
            Self::Blobs => 0.25,
            Self::Xor => 0.0,
        }
    }

    /// Classes where no option says otherwise, and whether there is such an option.
    fn default_classes(self) -> (u32, bool) {
        match self {
            Self::Spirals => (2, true),
            Self::Blobs => (3, true),
            Self::Moons | Self::Circles | Self::Xor => (2, false),
        }
    }
}

/// A generated set. Sample i belongs to class i mod `classes` and depends on nothing but the shape, the classes, the
/// noise, the seed and i: a larger set starts with the smaller one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Generated {
    /// How the points lie.
    pub shape: Shape,
    /// Number of samples, from 10 to 10,000,000.
    pub n: usize,
    /// Standard deviation of the normal noise added to each coordinate; not negative.
    pub noise: f64,
    /// Number of classes: 2, but from 2 to 20 for spirals and blobs.
    pub classes: u32,
    /// Another seed, other points.
    pub seed: u64,
}

impl Generated {
    /// A thousand samples of this shape.
    pub fn new(shape: Shape) -> Self {
        let (classes, _) = shape.default_classes();
        Self { shape, n: 1000, noise: shape.default_noise(), classes, seed: 0 }
    }

    pub(super) fn parse(shape: Shape, options: &str) -> Result<Self, TableError> {
        let mut set = Self::new(shape);
        let mut given = Vec::new();
        for option in options.split(',').filter(|_| !options.is_empty()) {
            let Some((key, value)) = option.split_once('=') else {
                return Err(TableError::usage("an option as key=value", format!("`{option}`"))
                    .hint(Hint::new("such as `").text(shape.name()).and(":n=500,noise=0.1,seed=3`")));
            };
            let (key, value) = (key.trim(), value.trim());
            if given.contains(&key) {
                return Err(TableError::usage(format!("`{key}` once"), format!("`{option}` again")));
            }
            given.push(key);
            set.take(key, value)?;
        }
        if set.n < 2 * set.classes as usize {
            let expected = format!("two samples or more for each of {} classes", set.classes);
            return Err(TableError::usage(expected, format!("n={}", set.n)));
        }
        Ok(set)
    }

    fn take(&mut self, key: &str, value: &str) -> Result<(), TableError> {
        fn within<V: FromStr + PartialOrd>(value: &str, range: RangeInclusive<V>) -> Option<V> {
            value.parse().ok().filter(|value| range.contains(value))
        }
        let bad = |expected: &str| TableError::usage(format!("{key}={expected}"), format!("`{value}`"));
        let has_classes = self.shape.default_classes().1;
        match key {
            "n" => {
                self.n = within(value, 10..=10_000_000)
                    .ok_or_else(|| bad("a number of samples from 10 to 10000000"))?;
            }
            "noise" => {
                self.noise =
                    within(value, 0.0..=1000.0).ok_or_else(|| bad("a standard deviation from 0 to 1000"))?;
            }
            "seed" => {
                self.seed =
                    value.parse().map_err(|_| bad("a whole number from 0 to 18446744073709551615"))?;
            }
            "classes" if has_classes => {
                self.classes =
                    within(value, 2..=20).ok_or_else(|| bad("a number of classes from 2 to 20"))?;
            }
            _ => {
                let options: &[&str] =
                    if has_classes { &["n", "noise", "seed", "classes"] } else { &["n", "noise", "seed"] };
                let expected = format!("an option of `{}`: {}", self.shape.name(), options.join(", "));
                let near = nearest(key, options);
                return Err(suggesting(TableError::usage(expected, format!("`{key}`")), near));
            }
        }
        Ok(())
    }

    /// The samples, features `x` and `y`, classes named by their numbers.
    pub fn load(&self) -> Labelled {
        let mut x = Matrix::zeros(self.n, 2);
        let mut labels = Vec::with_capacity(self.n);
        let noise = Random::new(self.seed, Purpose::Data, NOISE);
        for i in 0..self.n {
            let class = (i % self.classes as usize) as u32;
            let (px, py) = self.point(class, i as u64);
            let row = x.row_mut(i);
            row[0] = (px + self.noise * noise.normal(2 * i as u64)) as f32;
            row[1] = (py + self.noise * noise.normal(2 * i as u64 + 1)) as f32;
            labels.push(class);
        }
        Labelled {
            x,
            labels,
            classes: (0..self.classes).map(|class| class.to_string()).collect(),
            features: vec!["x".to_owned(), "y".to_owned()],
            image: None,
        }
    }

    /// Where a sample of this class lies before noise moves it.
    fn point(&self, class: u32, i: u64) -> (f64, f64) {
        let uniform = |stream| Random::new(self.seed, Purpose::Data, stream).uniform(i);
        let share = f64::from(class) / f64::from(self.classes);
        match self.shape {
            Shape::Moons => {
                let (cos, sin) = turn(0.5 * uniform(ALONG));
                if class == 0 { (cos, sin) } else { (1.0 - cos, 0.5 - sin) }
            }
            Shape::Circles => {
                let (cos, sin) = turn(uniform(ALONG));
                if class == 0 { (cos, sin) } else { (0.5 * cos, 0.5 * sin) }
            }
            Shape::Spirals => {
                // The root spreads the points evenly along the arm, whose length grows with t².
                let t = uniform(ALONG).sqrt();
                let (cos, sin) = turn(1.5 * t + share);
                (t * cos, t * sin)
            }
            Shape::Blobs => turn(share),
            Shape::Xor => {
                let (u, v) = (uniform(ALONG), uniform(ACROSS));
                // Both quadrants of a class in turn.
                let u = if (i / 2).is_multiple_of(2) { u } else { -u };
                (u, if (u < 0.0) == (class == 0) { -v } else { v })
            }
        }
    }
}

impl fmt::Display for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:n={},noise={},seed={}", self.shape.name(), self.n, self.noise, self.seed)?;
        if self.shape.default_classes().1 { write!(f, ",classes={}", self.classes) } else { Ok(()) }
    }
}

/// cos and sin of `turns` full turns, by arithmetic alone, so that no machine's mathematical library changes a bit.
/// Within 2⁻⁵⁰ of the truth for turns from 0 to a few.
fn turn(turns: f64) -> (f64, f64) {
    // To the nearest of the four axes: |angle| ≤ π/4, where the Taylor series below leave less than 1e-17.
    let quarter = (turns * 4.0).round();
    let angle = (turns - quarter / 4.0) * std::f64::consts::TAU;
    let square = angle * angle;
    let (mut cos, mut sin) = (1.0, 1.0);
    for k in (1..=9).rev() {
        let k = f64::from(2 * k);
        cos = 1.0 - cos * square / (k * (k - 1.0));
        sin = 1.0 - sin * square / (k * (k + 1.0));
    }
    sin *= angle;
    match quarter.rem_euclid(4.0) as u8 {
        0 => (cos, sin),
        1 => (-sin, cos),
        2 => (-cos, -sin),
        _ => (sin, -cos),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turn_is_cos_and_sin() {
        for i in -400..=4000 {
            let turns = f64::from(i) / 1000.0;
            let (cos, sin) = turn(turns);
            let angle = turns * std::f64::consts::TAU;
            assert!((cos - angle.cos()).abs() < 8e-15 && (sin - angle.sin()).abs() < 8e-15, "{turns}");
            assert!((cos * cos + sin * sin - 1.0).abs() < 1e-15, "{turns}");
        }
        assert_eq!(turn(0.25), (0.0, 1.0));
        assert_eq!(turn(0.5), (-1.0, 0.0));
    }
}
