//! Built-in sets as data sets: pixels divided by white, measurements scaled as the columns of a table.

use deltarule_tables::builtin::Builtin;
use deltarule_tables::{Preparation, Style, Target};

#[test]
fn pixels_are_divided_by_white() {
    let digits = Builtin::parse("digits").unwrap().load();
    let split = digits.split(0);
    for style in [Style::Plain, Style::Tabular] {
        let preparation = Preparation::of_labelled(&digits, &split.train, style).unwrap();
        assert_eq!((preparation.width(), preparation.style), (64, Style::Plain));
        assert_eq!(preparation.feature_names()[9], "pixel_1_1");
        let data = preparation.labelled::<f32>(&digits, &split.held_out).unwrap();
        assert_eq!((data.len(), data.y().cols()), (split.held_out.len(), 10));
        for (i, &sample) in split.held_out.iter().enumerate() {
            let pixels = digits.x.row(sample as usize);
            assert!(data.x().row(i).iter().zip(pixels).all(|(x, pixel)| *x == pixel / 16.0));
            assert_eq!(data.classes()[i], digits.labels[sample as usize]);
        }
        let back = Preparation::from_json(&preparation.to_json()).unwrap();
        assert_eq!(back, preparation);
    }
}

#[test]
fn measurements_are_scaled_by_the_training_samples() {
    let iris = Builtin::parse("iris").unwrap().load();
    let split = iris.split(0);
    let preparation = Preparation::of_labelled(&iris, &split.train, Style::Plain).unwrap();
    let Target::Classification { labels, .. } = &preparation.target else { panic!("classes") };
    assert_eq!(labels, &iris.classes);
    let data = preparation.labelled::<f64>(&iris, &split.train).unwrap();
    let n = data.len() as f64;
    for j in 0..4 {
        let column: Vec<f64> = (0..data.len()).map(|i| data.x().at(i, j)).collect();
        let mean = column.iter().sum::<f64>() / n;
        let variance = column.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        assert!(mean.abs() < 1e-14 && (variance - 1.0).abs() < 1e-13, "column {j}: {mean} and {variance}");
    }
    let tabular = Preparation::of_labelled(&iris, &split.train, Style::Tabular).unwrap();
    let data = tabular.labelled::<f64>(&iris, &split.held_out).unwrap();
    assert!(data.x().storage().iter().all(|x| x.abs() <= 3.0));
}

#[test]
fn other_samples_are_refused() {
    let iris = Builtin::parse("iris").unwrap().load();
    let digits = Builtin::parse("digits").unwrap().load();
    let all: Vec<u32> = (0..150).collect();
    let preparation = Preparation::of_labelled(&iris, &all, Style::Plain).unwrap();
    let message = preparation.labelled::<f32>(&digits, &all).unwrap_err().to_string();
    assert_eq!(
        message,
        "expected labels that the model knows, found \"0\"\nhint: they are setosa, versicolor, virginica"
    );
    let message = preparation.features_of::<f32>(&digits, &all).unwrap_err().to_string();
    assert_eq!(message, "expected 4 features, found 64");
    let mut renamed = iris.clone();
    renamed.features[1] = "width".into();
    let message = preparation.labelled::<f32>(&renamed, &all).unwrap_err().to_string();
    assert!(message.contains("found \"width\" in its place"), "{message}");
    assert!(
        Preparation::of_labelled(&iris, &[], Style::Plain).unwrap_err().to_string().contains("found none")
    );
}
