//! Fisher's iris flowers.

use crate::labelled::Labelled;
use deltarule::Matrix;

/// Header and 150 flowers; written by `tools/pack_builtin.py` from scikit-learn's copy, which follows Fisher's
/// paper where the file of the UCI repository has two wrong samples.
static TEXT: &str = include_str!("iris.csv");

pub(super) fn load() -> Labelled {
    let mut lines = TEXT.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    let features: Vec<String> = header[..4].iter().map(|name| (*name).to_owned()).collect();
    let flowers: Vec<Vec<&str>> = lines.collect();
    let x = Matrix::from_fn(flowers.len(), features.len(), |i, k| flowers[i][k].parse().expect("a number"));
    let mut classes: Vec<String> = Vec::new();
    let mut labels = Vec::new();
    for flower in &flowers {
        let species = flower[4];
        let known = classes.iter().position(|name| name == species);
        labels.push(known.unwrap_or(classes.len()) as u32);
        if known.is_none() {
            classes.push(species.to_owned());
        }
    }
    Labelled { x, labels, classes, features, image: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifty_of_each_species() {
        let iris = load();
        assert_eq!((iris.x.rows(), iris.x.cols()), (150, 4));
        assert_eq!(iris.classes, ["setosa", "versicolor", "virginica"]);
        assert_eq!(iris.features, ["sepal_length", "sepal_width", "petal_length", "petal_width"]);
        for class in 0..3 {
            assert_eq!(iris.labels.iter().filter(|&&label| label == class).count(), 50);
        }
        // Means of the columns, as scikit-learn 1.9.1 has them: 5.8433, 3.0573, 3.7580, 1.1993.
        for (k, mean) in [876.5, 458.6, 563.7, 179.9].into_iter().enumerate() {
            let sum: f64 = (0..150).map(|i| f64::from(iris.x.at(i, k))).sum();
            assert!((sum - mean).abs() < 1e-4, "column {k}: {sum}");
        }
    }

    /// Labelled 35 and 38 (counted from 1) are those of Fisher's paper, not of the UCI file.
    #[test]
    fn follows_fishers_paper() {
        let iris = load();
        assert_eq!(iris.x.row(34), [4.9, 3.1, 1.5, 0.2]);
        assert_eq!(iris.x.row(37), [4.9, 3.6, 1.4, 0.1]);
    }
}
