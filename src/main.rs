//! Chooses between the window and the command line, and turns errors into exit codes.

use std::{io::Write, process::ExitCode};

use attenuate::{
    base::hear_panic,
    cli,
    engine::{Engine, OpenFn},
    ui,
};

/// glibc's own keeps an arena for each thread and gives little of it back: after minutes of use three quarters of what it
/// held were free.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keep_contained_panics_quiet();
    #[cfg(feature = "profile")]
    let _recording = match profile::record() {
        Ok(recording) => recording,
        Err(error) => return fail(&format!("the profile cannot be recorded: {error}"), 1),
    };
    match cli::parse(std::env::args_os()) {
        Err(line) => fail(&line, 2),
        Ok(cli::Invocation::Print(text)) => {
            // A closed pipe (`attenuate --help | head`) is no failure.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Ok(cli::Invocation::Task(task)) => finish(task.run(&mut Engine::opening(opener()))),
        Ok(cli::Invocation::Window(task)) => finish(task.start().and_then(|start| Ok(ui::open(start, opener())?))),
    }
}

/// How sources are opened, the model inside among them.
#[cfg(feature = "model")]
fn opener() -> OpenFn {
    attenuate::engine::ModelInside::embedded(model_inside::bytes()).opener()
}

#[cfg(not(feature = "model"))]
fn opener() -> OpenFn {
    std::sync::Arc::new(attenuate::engine::OpenSource::open)
}

#[cfg(feature = "model")]
mod model_inside {
    //! The language model that ships in the program, here and not in the library, which every test links.

    /// As a mapped file's, which begins with a page: blocks of numbers lie as in the file.
    #[repr(C, align(64))]
    struct Aligned<B: ?Sized>(B);

    static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/assets/model/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
    )));

    pub fn bytes() -> &'static [u8] {
        &FILE.0
    }
}

/// A panic that becomes an error is reported as that error; every other is printed as usual.
#[expect(clippy::disallowed_methods, reason = "the program itself may say what its panics print")]
fn keep_contained_panics_quiet() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !hear_panic(panic) {
            usual(panic);
        }
    }));
}

fn finish(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{error:#}"), 1),
    }
}

#[cfg(feature = "profile")]
mod profile {
    //! What frames and requests spend their time on, as a file that <https://ui.perfetto.dev> shows.

    use tracing_chrome::{ChromeLayerBuilder, FlushGuard};
    use tracing_subscriber::{filter::filter_fn, prelude::*};

    /// Where the recording goes, instead of into the working folder.
    const FILE: &str = "ATTENUATE_PROFILE";
    const DEFAULT: &str = "attenuate-profile.json";

    /// Records until it is dropped.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn record() -> std::io::Result<FlushGuard> {
        let file = std::fs::File::create(std::env::var_os(FILE).unwrap_or_else(|| DEFAULT.into()))?;
        let (layer, guard) = ChromeLayerBuilder::new().writer(std::io::BufWriter::new(file)).include_args(true).build();
        tracing_subscriber::registry().with(layer.with_filter(filter_fn(|metadata| metadata.is_span()))).init();
        Ok(guard)
    }
}

/// One line on standard error.
fn fail(line: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "attenuate: {line}");
    ExitCode::from(code)
}
