//! Which heads the next token depends on: *Ships*, the safety head importance score of arXiv 2410.13708, of every head of
//! the bundled language model.
//!
//! ```sh
//! cargo run --release --example ships -- "A prompt of yours"
//! ```

use attenuate::{
    attention::{Component, Epsilon},
    engine::{Bundled, Engine, Prompt},
    session::Session,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut spec = Session::example(Bundled::Austen).run_spec();
    if let Some(text) = std::env::args().nth(1) {
        spec.prompt = Prompt::Text { text: text.into(), bos: true };
    }

    // Each head's Query alone is set to 0, so that it attends to all tokens alike. The model runs once for each head.
    let found = Engine::default().ships(&spec, Component::Query, Epsilon::ZERO, None, &mut |_| {}, &|| false)?;
    let mut heads = found.ok_or("this source has no next token")?;
    heads.sort_by(|a, b| b.ships.total_cmp(&a.ships));

    println!("KL(baseline ‖ modified) of the next token, in nats:");
    for head in heads.iter().take(5) {
        println!("layer {}, head {}: {:.4}", head.layer, head.head, head.ships);
    }
    Ok(())
}
