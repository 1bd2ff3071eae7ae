//! The floors of every crate, lowest first.

use super::House;

pub(super) const HOUSES: &[House] = &[
    House { folder: "crates/deltarule-kernels", floors: &[], circles: &[] },
    House { folder: "crates/deltarule", floors: &[], circles: &[] },
    House {
        folder: "crates/deltarule-tables",
        floors: &[
            "cells error notice select suggest",
            "table",
            "kinds labelled read",
            "builtin idx images targets",
            "options",
            "prepare write",
            "load",
            "stream",
        ],
        circles: &[],
    },
    House { folder: "crates/deltarule-pipeline", floors: &[], circles: &[] },
    House { folder: "crates/deltarule-cli", floors: &[], circles: &[] },
    House {
        folder: "xtask",
        floors: &["shell", "measure python", "bench reading reference test", "record tabular"],
        circles: &[],
    },
];
