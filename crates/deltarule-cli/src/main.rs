//! The program `deltarule`: train a network, predict with it, and open every gradient it computes.

fn main() {}
