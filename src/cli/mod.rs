//! The command line: arguments, the calls they make, what is printed. The only place that reads
//! the clock or the environment.

/// Runs the program and returns its exit status.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
