//! Captures of every golden family, as the Python module makes them (`python/tests/capture_families.py`): every head of every layer beside the model's own
//! weights (`output_attentions`, eager).

use std::{fs, path::Path};

use attenuate::{
    attention::{HeadEdit, Pattern},
    capture::Capture,
};
use safetensors::SafeTensors;

const TOLERANCE: f64 = 1e-5;

#[test]
fn every_head_of_every_captured_family_is_as_transformers_has_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut names: Vec<_> =
        fs::read_dir(root.join("captures/families")).unwrap().map(|file| file.unwrap().path()).collect();
    names.sort();
    assert!(names.len() >= 50, "{} captures", names.len());
    for path in names {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let golden = fs::read(root.join("goldens/families").join(name).join("golden.safetensors")).unwrap();
        let golden = SafeTensors::deserialize(&golden).unwrap();
        let golden = golden.tensor("base.attn").unwrap();
        let &[n_layers, n_heads, n, _] = golden.shape() else { panic!("{name}: {:?}", golden.shape()) };
        let expected: Vec<f32> = golden.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();

        let capture = Capture::open(&path).unwrap();
        assert_eq!((capture.n_layers(), capture.n_heads(), capture.n_positions()), (n_layers, n_heads, n), "{name}");
        for layer in 0..n_layers {
            let qkv = capture.layer(layer).unwrap();
            for head in 0..n_heads {
                let pattern = Pattern::new(qkv.head_scores(head).into(), &HeadEdit::NOTHING);
                for (query, key) in (0..n * n).map(|cell| (cell / n, cell % n)) {
                    let weight = pattern.exact_cell(query, key).map_or(0.0, |cell| cell.weight_f64);
                    let own = f64::from(expected[((layer * n_heads + head) * n + query) * n + key]);
                    let off = (weight - own).abs();
                    assert!(off < TOLERANCE, "{name} {layer}:{head} [{query}, {key}]: {weight} for {own}");
                }
            }
        }
    }
}
