//! A real quantized model, where one is there: `ATTENUATE_REAL_MODEL` is the path of SmolLM2-135M-Instruct in `Q4_1`
//! (`.ci/real-model` fetches it).

use std::{env, path::PathBuf, sync::Arc, time::Instant};

use attenuate::{
    attention::{HeadEdit, LayerQkv},
    capture,
    model::{LanguageModel, gguf, loading::unwatched, run},
};

fn smollm2() -> LanguageModel {
    let path = PathBuf::from(env::var_os("ATTENUATE_REAL_MODEL").expect("ATTENUATE_REAL_MODEL names the file"));
    let start = Instant::now();
    let model = gguf::open(&path, &unwatched).unwrap();
    println!("opened in {:.2} s", start.elapsed().as_secs_f64());
    model
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
        let likeliest = (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap();
        ids.push(likeliest as u32);
    }
    ids.split_off(n_prompt)
}

/// What PyTorch says of the same weights in f64.
#[test]
#[ignore = "needs the real model: .ci/real-model"]
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
#[ignore = "needs the real model: .ci/real-model"]
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
#[ignore = "needs the real model: .ci/real-model"]
fn its_attention_is_that_of_the_bundled_capture() {
    let (model, capture) = (smollm2(), capture::bundled::smollm2().unwrap());
    let transformer = model.transformer();
    let start = transformer.embed(capture.token_ids().unwrap()).unwrap();
    let mut worst = 0.0_f32;
    run::advance(transformer, 0..model.shape().n_layers, start, None, &|| false, &mut |layer, _, qkv| {
        let captured = capture.layer(layer).unwrap();
        for head in 0..qkv.n_heads() {
            let baseline = |qkv: &LayerQkv| Arc::new(qkv.head_scores(head)).pattern(&HeadEdit::NOTHING).dense();
            let [ours, theirs] = [baseline(qkv), baseline(&captured)];
            worst = (ours - theirs).iter().fold(worst, |worst, difference| worst.max(difference.abs()));
        }
    })
    .unwrap();
    println!("within {worst:.1e} of the capture");
    assert!(worst <= 2e-3 && worst > 0.0, "{worst}");
}
