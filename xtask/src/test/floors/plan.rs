//! The floors of every crate, lowest first.

use super::{Circle, House};

pub(super) const HOUSES: &[House] = &[
    House {
        folder: "crates/deltarule-kernels",
        floors: &[
            "flush huge_pages isa prefetch math::coefficients thread_pool::task_queue",
            "math::constants thread_pool",
            "lanes",
            "lanes::vector math::polynomial",
            "lanes::avx2 lanes::avx512 lanes::neon lanes::scalar math::exponential",
            "math::logarithm math::sigmoid",
            "buffer elementwise math peak raw",
            "matrix microkernel panels",
            "map micro_panel update",
            "bias_gradient multiply::epilogue multiply::narrow multiply::tile weight_gradient::batch \
             weight_gradient::partial_sums weight_gradient::pointers weight_gradient::tile_buffer",
            "multiply weight_gradient::last_rows weight_gradient::transposed_copy",
            "weight_gradient::fused",
            "weight_gradient::blocks",
            "weight_gradient",
            "sealed",
            "products",
        ],
        circles: &[Circle {
            lower: "lanes",
            upper: "sealed",
            why: "the products that are not generic are compiled behind the sealed trait of f32 and f64",
        }],
    },
    House {
        folder: "crates/deltarule",
        floors: &[
            "hint interval mean random",
            "dropout error split",
            "file folds variants",
            "activation init schedule selection task",
            "cost layer optimizer",
            "dataset equations objective",
            "metrics network",
            "pass settings",
            "evaluate model plan trace",
            "gradcheck train",
            "explain",
        ],
        circles: &[],
    },
    House {
        folder: "crates/deltarule-tables",
        floors: &[
            "cells error notice row_names select suggest",
            "table",
            "read::input::format read::parallel read::text::cell read::text::column_cache read::text::dialect",
            "read::input::globs read::input::signature read::options read::table_file read::text::blocks \
             read::text::decimal read::text::grid",
            "read::input::detect read::text::cells read::types",
            "read::input read::text::infer read::text::row_format",
            "read::binary read::text::csv read::text::json_lines read::text::libsvm",
            "read::text::stdin read::text::table",
            "read::text",
            "read::source",
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
