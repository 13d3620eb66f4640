//! The `minilab` binary.

fn main() -> std::process::ExitCode {
    minilab::cli::run()
}
