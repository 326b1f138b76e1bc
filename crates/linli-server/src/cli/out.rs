//! What the command line says: results to the standard output, progress and faults to the standard error.

/// Says a result.
#[expect(clippy::print_stdout, reason = "the command line speaks to its user")]
pub fn say(text: &str) {
    println!("{text}");
}

/// Tells how it goes.
#[expect(clippy::print_stderr, reason = "the command line speaks to its user")]
pub fn tell(text: &str) {
    eprintln!("{text}");
}
