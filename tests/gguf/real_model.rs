//! A real quantized model: the one inside the program, SmolLM2-135M-Instruct in `Q4_1`.

use std::{env, fmt::Write as _, path::Path, sync::Arc};

use attenuate::{
    attention::{HeadEdit, LayerQkv},
    base::MappedFile,
    capture,
    engine::{Bundled, Engine, Job, OpenSource, SourceSpec},
    model::{LanguageModel, loading::unwatched, run, smollm2},
};
use safetensors::SafeTensors;
use sha2::{Digest as _, Sha256};

use crate::support::{MODEL_INSIDE, model_inside};

fn file() -> MappedFile {
    MappedFile::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join(MODEL_INSIDE)).unwrap()
}

fn smollm2() -> LanguageModel {
    smollm2::open(Arc::new(file()), &unwatched).unwrap()
}

/// No fingerprint of it is made when a session is saved or opened: its name stands for these bytes.
#[test]
fn it_is_the_file_that_its_card_describes() {
    let card = include_str!("../../assets/model/smollm2/README.md");
    let mut sum = String::new();
    for byte in Sha256::digest(file().bytes()) {
        write!(sum, "{byte:02x}").unwrap();
    }
    assert!(card.contains(&sum), "{sum}");
}

/// Its bytes are the program's: whoever uses the library alone is told so, and can map the file.
#[test]
fn it_is_opened_by_whoever_has_its_bytes() {
    let source = SourceSpec::Bundled(Bundled::Smollm2);
    let without = Engine::default().facts(&source).unwrap_err().to_string();
    assert!(without.contains("bundled:smollm2") && without.contains("ModelInside"), "{without}");
    let facts = Engine::opening(model_inside().opener()).facts(&source).unwrap();
    assert_eq!((facts.title.as_str(), facts.n_layers, facts.n_heads, facts.n_kv_heads), (smollm2::TITLE, 30, 9, 3));
    assert!(facts.kind.is_model() && !facts.has_bos && facts.notices.is_empty(), "{:?}", facts.notices);
    // All else opens as ever.
    let austen = SourceSpec::Bundled(Bundled::Austen);
    let [with, without] =
        [model_inside().open(&austen, &Job::unwatched()), OpenSource::open(&austen, &Job::unwatched())]
            .map(|open| open.unwrap().facts().clone());
    assert_eq!(with, without);
}

/// What the figure is shown on, typed.
#[test]
fn its_text_begins_with_the_token_that_its_ids_begin_with() {
    let text = format!("<|endoftext|>{}", Bundled::Smollm2.default_view().prompt);
    assert_eq!(ids(&smollm2(), &text), smollm2::TOKEN_IDS);
}

fn ids(model: &LanguageModel, text: &str) -> Vec<u32> {
    model.tokenize(text, true).unwrap().iter().map(|token| token.id).collect()
}

/// Each token the likeliest one.
fn continued(model: &LanguageModel, text: &str, n_tokens: usize) -> Vec<u32> {
    let mut ids = ids(model, text);
    let n_prompt = ids.len();
    for _ in 0..n_tokens {
        let transformer = model.transformer();
        let start = transformer.embed(&ids).unwrap();
        let last = run::advance(transformer, 0..model.shape().n_layers, start, None, &|| false, &mut |_, _, _| {});
        let logits = model.next_token_logits(&last.unwrap()).unwrap();
        let likeliest = (0..logits.len()).max_by(|&a, &b| logits[[0, a]].total_cmp(&logits[[0, b]])).unwrap();
        ids.push(likeliest as u32);
    }
    ids.split_off(n_prompt)
}

/// What PyTorch says of the same weights in f64.
#[test]
fn it_continues_a_sentence_as_pytorch_does() {
    let model = smollm2();
    assert_eq!(ids(&model, "The capital of France is"), [504, 3575, 282, 4649, 314]);
    let ids = continued(&model, "The capital of France is", 8);
    let text: String = model.tokens(&ids).iter().map(|token| token.text.as_str()).collect();
    println!("The capital of France is{text}");
    assert_eq!(ids, [7042, 30, 198, 198, 504, 2988, 314, 42]);
    assert!(text.starts_with(" Paris."));
}

/// Tokens as transformers' tokenizer from the same file gives them.
#[test]
fn it_has_the_tokens_of_the_reference() {
    let model = smollm2();
    assert!(!model.has_bos());
    for (text, expected) in [
        (
            "In 1999, 42 cats didn't sleep!  Two  spaces\n\nnew lines\tand tabs",
            &[
                788, 216, 33, 41, 41, 41, 28, 216, 36, 34, 7680, 3683, 982, 2801, 17, 216, 5713, 216, 5600, 198, 198,
                2241, 3204, 197, 397, 29416,
            ][..],
        ),
        ("<|im_start|>user\nHello<|im_end|>", &[1, 4093, 198, 19556, 2]),
        ("def f(x):\n    return x**2  # comment", &[1604, 275, 24, 104, 727, 472, 1003, 1792, 828, 34, 216, 907, 5189]),
        ("", &[]),
    ] {
        assert_eq!(ids(&model, text), expected, "{text:?}");
    }
}

/// The bundled capture was taken from these weights in PyTorch and rounded to F16: 2e-3 is what that allows.
#[test]
fn its_attention_is_that_of_the_bundled_capture() {
    let (model, capture) = (smollm2(), capture::bundled::smollm2().unwrap());
    let transformer = model.transformer();
    let start = transformer.embed(capture.token_ids().unwrap()).unwrap();
    let mut worst = 0.0_f32;
    run::advance(transformer, 0..model.shape().n_layers, start, None, &|| false, &mut |layer, _, qkv| {
        let captured = capture.layer(layer).unwrap();
        for head in 0..qkv.n_heads() {
            let baseline = |qkv: &LayerQkv| Arc::new(qkv.head_scores(head)).pattern(&HeadEdit::NOTHING).dense();
            let [ours, theirs] = [baseline(qkv), baseline(captured.vectors().unwrap())];
            worst = (ours - theirs).iter().fold(worst, |worst, difference| worst.max(difference.abs()));
        }
    })
    .unwrap();
    println!("within {worst:.1e} of the capture");
    assert!(worst <= 2e-3 && worst > 0.0, "{worst}");
}

/// PyTorch's attention in f64 for a prompt of 3000 tokens, some rows of every head: the file that `long_prompt.py` writes
/// beside the model, `ATTENUATE_LONG_PROMPT`. The rotation is in f32 there as here, and multiplies what it rounds by the
/// position.
#[test]
#[ignore = "needs what PyTorch says of it: tests/gguf/long_prompt.py"]
fn a_long_prompt_is_pytorchs_in_f64() {
    let path = env::var_os("ATTENUATE_LONG_PROMPT").expect("ATTENUATE_LONG_PROMPT names the file");
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let whole = |name: &str| -> Vec<u64> {
        let numbers = file.tensor(name).unwrap().data().as_chunks().0.to_vec();
        numbers.into_iter().map(u64::from_le_bytes).collect()
    };
    let ids: Vec<u32> = whole("token_ids").into_iter().map(|id| id as u32).collect();
    let rows = whole("rows");
    let expected: Vec<f32> = file
        .tensor("attentions")
        .unwrap()
        .data()
        .as_chunks()
        .0
        .iter()
        .map(|&bytes| f32::from_le_bytes(bytes))
        .collect();
    let model = smollm2();
    let transformer = model.transformer();
    let (n_layers, n_heads) = (model.shape().n_layers, model.shape().n_heads);
    assert_eq!(expected.len(), n_layers * n_heads * rows.len() * ids.len());
    let mut expected = expected.chunks_exact(ids.len());
    let mut worst = 0.0_f64;
    let start = transformer.embed(&ids).unwrap();
    run::advance(transformer, 0..n_layers, start, None, &|| false, &mut |layer, _, qkv| {
        for head in 0..n_heads {
            let scores = Arc::new(qkv.head_scores(head));
            let pattern = scores.pattern(&HeadEdit::NOTHING);
            for &row in &rows {
                let theirs = expected.next().unwrap();
                let ours = pattern.exact_row(row as usize);
                for (ours, &theirs) in ours.iter().zip(theirs) {
                    worst = worst.max((ours - f64::from(theirs)).abs());
                }
            }
        }
        println!("to layer {layer}: within {worst:.1e}");
    })
    .unwrap();
    assert!(worst <= 5e-6 && worst > 0.0, "{worst}");
}
