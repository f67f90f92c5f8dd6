//! A pair of sentences in BERT, beside transformers (`tests/parity/bert_pair/make.py`).

use std::{fs, path::Path};

use attenuate::{
    engine::{Bundled, Engine, Prompt, RunSpec, SourceSpec},
    session::Session,
};
use safetensors::SafeTensors;

#[test]
fn a_separator_in_the_middle_begins_the_second_sentence() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/bert_pair");
    let bytes = fs::read(folder.join("golden.safetensors")).unwrap();
    let golden = SafeTensors::deserialize(&bytes).unwrap();
    let attn = golden.tensor("attn").unwrap();
    let &[n_layers, n_heads, n, _] = attn.shape() else { panic!("{:?}", attn.shape()) };
    let expected: Vec<f32> = attn.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();

    let prompt = Prompt::Text { text: "the cat sat [SEP] on the mat".into(), bos: true };
    let spec = RunSpec { source: SourceSpec::Folder(folder), prompt, ..Session::example(Bundled::Austen).run_spec() };
    let mut engine = Engine::default();
    for (layer, head) in (0..n_layers).flat_map(|layer| (0..n_heads).map(move |head| (layer, head))) {
        let spec = spec.clone().with(|experiment| (experiment.layer, experiment.head) = (layer, head));
        let outcome = engine.run(&spec, &|| false).unwrap();
        assert_eq!(outcome.n_positions(), n);
        assert_eq!(outcome.facts.notices[0].brief, "[SEP] begins the second sentence");
        for (query, key) in (0..n * n).map(|cell| (cell / n, cell % n)) {
            let weight = outcome.baseline.pattern.exact_cell(query, key).unwrap().weight;
            let own = expected[((layer * n_heads + head) * n + query) * n + key];
            assert!((weight - own).abs() < 1e-5, "{layer}:{head} [{query}, {key}]: {weight} for {own}");
        }
    }
}
