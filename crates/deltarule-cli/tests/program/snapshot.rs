//! What the program printed, beside what it is known to print.

use std::path::Path;

/// Compares with `snapshots/NAME.txt`. With `UPDATE_SNAPSHOTS=1` in the environment the file is written instead, for a
/// person to look at.
#[track_caller]
pub(crate) fn assert_snapshot(name: impl AsRef<str>, shown: impl std::fmt::Display) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/program/snapshots");
    let path = folder.join(name.as_ref()).with_extension("txt");
    let shown = format!("{}\n", shown.to_string().trim_end());
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(&folder).expect("a folder for snapshots");
        return std::fs::write(&path, shown).expect("a snapshot that can be written");
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = known.lines().zip(shown.lines()).position(|(known, shown)| known != shown);
    let line = 1 + differs.unwrap_or(known.lines().count().min(shown.lines().count()));
    assert!(
        known == shown,
        "differs from {} in line {line}; UPDATE_SNAPSHOTS=1 writes it anew\n--- known\n{known}--- now\n{shown}",
        path.display()
    );
}
