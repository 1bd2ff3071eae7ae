//! The cases of the benchmark, in the words that every peer understands.

use serde::Serialize;
use std::path::PathBuf;

/// Training, an epoch a repetition, or prediction for all samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Task {
    Train,
    Predict,
}

/// One network with all that is done to it; the peers' `protocol.py` says what each field means.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// What it stands for, in the table.
    #[serde(skip)]
    pub(crate) title: &'static str,
    pub(crate) task: Task,
    pub(crate) precision: &'static str,
    pub(crate) widths: Vec<usize>,
    pub(crate) hidden: String,
    pub(crate) output: &'static str,
    pub(crate) cost: &'static str,
    pub(crate) optimizer: &'static str,
    pub(crate) eta: f64,
    pub(crate) decay: f64,
    pub(crate) batch: usize,
    pub(crate) samples: usize,
    pub(crate) x: PathBuf,
    pub(crate) y: PathBuf,
    pub(crate) threads: usize,
    pub(crate) seed: u64,
}

impl Case {
    /// Weights, without biases.
    pub(crate) fn weights(&self) -> usize {
        self.widths.windows(2).map(|pair| pair[0] * pair[1]).sum()
    }

    /// Weights and biases.
    pub(crate) fn parameters(&self) -> usize {
        self.weights() + self.widths[1..].iter().sum::<usize>()
    }

    /// Additions and multiplications that one sample asks for: forward, BP2 of all layers but the first, and BP4, each
    /// two for every weight; in prediction, forward alone.
    pub(crate) fn flops(&self) -> f64 {
        let (all, first) = (self.weights() as f64, (self.widths[0] * self.widths[1]) as f64);
        match self.task {
            Task::Train => 2.0 * (3.0 * all - first),
            Task::Predict => 2.0 * all,
        }
    }

    /// Whether the targets are classes.
    pub(crate) fn classes(&self) -> bool {
        self.widths.last().is_some_and(|&outputs| outputs > 1)
    }

    /// The network and its batch, for the table.
    pub(crate) fn network(&self) -> String {
        let widths: Vec<String> = self.widths.iter().map(usize::to_string).collect();
        format!("{} {}, batch {}", widths.join("-"), self.hidden, self.batch)
    }
}

const SOFTMAX: (&str, &str) = ("softmax", "softmax-cross-entropy");

/// The case of this letter. `whole`, case F, is no such case: it is timed from outside.
pub(crate) fn case(name: &str) -> Option<Case> {
    type Row =
        (&'static str, &'static [usize], &'static str, (&'static str, &'static str), &'static str, f64);
    let digits: &[usize] = &[784, 512, 512, 10];
    let table: &[usize] = &[100, 256, 256, 256, 2];
    let (row, batch, samples): (Row, usize, usize) = match name {
        "A" => (("book", &[784, 30, 10], "sigmoid", ("sigmoid", "quadratic"), "sgd", 3.0), 10, 50_000),
        "B" => (("digits", digits, "relu", SOFTMAX, "adam", 1e-3), 128, 60_000),
        "C" => {
            (("small table", &[20, 64, 64, 1], "relu", ("identity", "quadratic"), "adam", 1e-3), 32, 20_000)
        }
        "D" => (("table", table, "relu", SOFTMAX, "adamw", 1e-3), 256, 100_000),
        "E" => (("wide", &[1024, 4096, 4096, 1000], "relu", SOFTMAX, "momentum", 1e-2), 256, 4_096),
        "G" => (("predict", digits, "relu", SOFTMAX, "adam", 1e-3), 10_000, 60_000),
        "G1B" => (("predict one", digits, "relu", SOFTMAX, "adam", 1e-3), 1, 4_000),
        "G1D" => (("predict one", table, "relu", SOFTMAX, "adam", 1e-3), 1, 20_000),
        _ => return None,
    };
    let (title, widths, hidden, (output, cost), optimizer, eta) = row;
    Some(Case {
        name: name.to_owned(),
        title,
        task: if name.starts_with('G') { Task::Predict } else { Task::Train },
        precision: "f32",
        widths: widths.to_vec(),
        hidden: hidden.to_owned(),
        output,
        cost,
        optimizer,
        eta,
        decay: if optimizer == "adamw" { 0.01 } else { 0.0 },
        batch,
        samples,
        x: PathBuf::new(),
        y: PathBuf::new(),
        threads: 1,
        seed: 0,
    })
}

/// The letters that `--case` knows, each with the cases it stands for.
pub(crate) const LETTERS: &[(&str, &[&str])] = &[
    ("A", &["A"]),
    ("B", &["B"]),
    ("C", &["C"]),
    ("D", &["D"]),
    ("E", &["E"]),
    ("F", &[]),
    ("G", &["G", "G1B", "G1D"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_has_its_cases() {
        for (_, names) in LETTERS {
            for name in *names {
                assert_eq!(case(name).expect("a case").name, *name);
            }
        }
        assert!(case("F").is_none());
    }

    /// 784·30 + 30·10 = 23,820 weights, 23,520 of them in the first layer: 2 · (3 · 23,820 − 23,520) = 95,880.
    #[test]
    fn operations_by_hand() {
        let book = case("A").expect("a case");
        assert_eq!((book.weights(), book.parameters()), (23_820, 23_860));
        assert_eq!(book.flops(), 95_880.0);
        // 784·512 + 512·512 + 512·10 = 668,672
        assert_eq!(case("G").expect("a case").flops(), 2.0 * 668_672.0);
    }
}
