//! Checks, benchmarks and set-up of deltarule, as cargo commands.

fn main() {}
