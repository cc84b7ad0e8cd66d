//! The program. All of it is in the library, so that tests and other programs can call it.

fn main() -> std::process::ExitCode {
    hfdoctor::main()
}
