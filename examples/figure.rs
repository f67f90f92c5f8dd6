//! The figure of the paper, drawn from vectors into a file.
//!
//! ```sh
//! cargo run --release --example figure -- figure.svg
//! ```

use std::path::PathBuf;

use attenuate::{
    engine::{Engine, ModelInside},
    figure::{FigureStyle, FileFormat, Ground, draw},
    session::Session,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args_os().nth(1).map_or_else(|| std::env::temp_dir().join("figure.svg"), PathBuf::from);

    // The model that is part of the program is a file to whoever uses the library.
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/model/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
    let mut engine = Engine::opening(ModelInside::in_file(model.as_ref())?.opener());
    // The window's default session is the figure: SmolLM2-135M-Instruct, layer 14, head 3.
    let outcome = engine.run(&Session::default().run_spec(), &|| false)?;
    let style =
        FigureStyle { ground: Ground::Dark, title: Some("Layer 14, head 3".to_owned()), ..FigureStyle::default() };

    // The name's ending decides the format. The same outcome and style give the same bytes.
    let bytes = draw(&outcome, &style, FileFormat::of(&file)?, None)?;
    std::fs::write(&file, bytes)?;
    println!("{}", file.display());
    Ok(())
}
