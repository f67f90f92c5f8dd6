//! A test in a process of its own, for what is counted by process: memory, in which every test that runs beside has a part.

use std::process::Command;

/// The variable that tells the second process which test it is.
const ALONE: &str = "ATTENUATE_TEST_ALONE";

/// Runs `body` in a process in which no other test runs: this test program again, asked for `test` alone.
///
/// `test` is the whole name of the test that calls, as `cargo test` prints it.
///
/// # Panics
/// Where the test fails there, with all that it printed.
pub fn alone(test: &str, body: impl FnOnce()) {
    if std::env::var_os(ALONE).is_some_and(|name| name == test) {
        return body();
    }
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).args(["--exact", test, "--nocapture"]).env(ALONE, test).output().unwrap();
    let (printed, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{test} failed by itself:\n{printed}{errors}");
    assert!(printed.contains("1 passed"), "no test is called {test}:\n{printed}");
}
