//! The `sluice` program.

/// Folds and tables make many small allocations: this takes a tenth off a whole run.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    sluice::cli::main()
}
