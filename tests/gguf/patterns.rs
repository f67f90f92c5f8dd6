//! Patterns from a GGUF file against those from the folder it was made of.

use attenuate::{
    attention::{Epsilon, Preset},
    engine::{Engine, Prompt, RunSpec, SourceKind, SourceSpec},
};
use ndarray::s;

use crate::gguf::{
    files::{
        convert::golden,
        quantize::{Format, f32s},
        writer::{Gguf, Meta, Tensor},
    },
    golden::{Golden, goldens_folder, load},
    opening::open,
};
use crate::support::captured_figure;
use crate::support::grids::columns;

/// That of the parity tests.
const TOLERANCE: f32 = 1e-5;

fn of_folder(family: &str) -> Golden {
    load(&goldens_folder().join(family)).unwrap()
}

fn of_file(family: &str, gguf: &Gguf) -> Golden {
    of_folder(family).with_model(open(&gguf.bytes()).unwrap())
}

/// The file holds the very same numbers, only in another order: so do the patterns.
#[test]
fn f32_gives_the_folders_patterns_under_every_stored_intervention() {
    for family in ["llama", "qwen2", "qwen3", "llama_f16", "llama_bf16"] {
        let (folder, file) = (of_folder(family), of_file(family, &golden(family, Format::F32)));
        let mut n_cases = 0;
        for ((case, ours), (_, theirs)) in file.runs().zip(folder.runs()) {
            assert_eq!(ours.bits(), theirs.bits(), "{family} {case}");
            assert_eq!(ours.logits, theirs.logits, "{family} {case}");
            let expected = file.patterns(case);
            for (layer, head, pattern) in ours.all() {
                let difference = (pattern.dense() - expected.slice(s![layer, head, .., ..])).mapv(f32::abs);
                assert!(difference.iter().all(|&d| d <= TOLERANCE), "{family} {case} layer {layer} head {head}");
            }
            n_cases += 1;
        }
        assert!(n_cases >= 10, "{family}");
    }
}

/// Nothing is lost but what the format cannot hold: the file is the F32 file of the rounded numbers.
#[test]
fn other_formats_give_the_patterns_of_the_rounded_weights() {
    for family in ["llama", "qwen2"] {
        for format in [Format::F16, Format::BF16, Format::Q8_0] {
            let mut rounded = golden(family, Format::F32);
            for tensor in rounded.tensors.iter_mut().filter(|tensor| tensor.shape.len() == 2) {
                tensor.bytes = Format::F32.bytes(&format.rounded(&f32s(&tensor.bytes)));
            }
            let (ours, expected) = (of_file(family, &golden(family, format)), of_file(family, &rounded));
            assert_eq!(ours.run(None).bits(), expected.run(None).bits(), "{family} {format:?}");
        }
    }
}

/// To first order, with u the relative error of a weight: a score is a product of two projections, each wrong by
/// about u, of a residual stream that is wrong by as much for each layer in front, so that |Δs| ≤ 2·u·(1 + layers)·|s|,
/// and a weight of a softmax changes by at most half of the largest |Δs|. Scores here are below 8.
#[test]
fn patterns_are_as_far_off_as_the_format_is_coarse() {
    for family in ["llama", "qwen2"] {
        let folder = of_folder(family);
        for format in [Format::F16, Format::BF16, Format::Q8_0] {
            let file = of_file(family, &golden(family, format));
            let tolerance = 0.5 * 2.0 * format.relative_error() * 4.0 * 8.0;
            let (mut worst, ours, theirs) = (0.0_f32, file.run(None), folder.run(None));
            for ((layer, head, ours), (.., theirs)) in ours.all().zip(theirs.all()) {
                let difference = (ours.dense() - theirs.dense()).mapv(f32::abs).into_iter().fold(0.0, f32::max);
                assert!(difference <= tolerance, "{family} {format:?} layer {layer} head {head}: {difference}");
                worst = worst.max(difference);
            }
            println!("{family} {format:?}: weights within {worst:.1e}, allowed {tolerance:.1e}");
            assert!(worst > 0.0, "{family} {format:?} lost something");
        }
    }
}

#[test]
fn the_engine_gives_the_folders_numbers() {
    for family in ["llama", "qwen2"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tiny-model.F32.gguf");
        std::fs::write(&path, golden(family, Format::F32).bytes()).unwrap();
        let source: SourceSpec = path.to_str().unwrap().parse().unwrap();
        assert_eq!(source, SourceSpec::Gguf(path.clone()));
        assert!(source.is_live());
        let mut engine = Engine::default();
        let facts = engine.facts(&source).unwrap();
        assert_eq!((facts.kind, facts.title.as_str()), (SourceKind::Model, "tiny-model.F32.gguf"));
        let ids = of_folder(family).token_ids;
        for (preset, layer, head) in [(Preset::ThisHead, 0, 3), (Preset::ThisLayer, 1, 0), (Preset::AllLayers, 2, 2)] {
            let spec = |source| {
                RunSpec { source, prompt: Prompt::TokenIds(ids.clone()), ..captured_figure().run_spec() }.with(
                    |experiment| {
                        experiment.layer = layer;
                        experiment.head = head;
                        experiment.scope = preset.scope();
                        experiment.epsilon = columns(&Epsilon::FIGURE);
                    },
                )
            };
            let of_folder = SourceSpec::Folder(goldens_folder().join(family));
            let [ours, theirs] = [source.clone(), of_folder].map(|s| engine.run(&spec(s), &|| false).unwrap());
            for (ours, theirs) in ours.panels.values().zip(theirs.panels.values()) {
                let difference = (ours.pattern.dense() - theirs.pattern.dense()).mapv(f32::abs);
                assert!(difference.iter().all(|&d| d <= TOLERANCE));
            }
        }
    }
}

/// The folder of the golden llama after a change to its configuration.
fn llama_with(change: impl FnOnce(&mut serde_json::Value)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let source = goldens_folder().join("llama");
    let config = std::fs::read_to_string(source.join("config.json")).unwrap();
    let mut config: serde_json::Value = serde_json::from_str(&config).unwrap();
    change(&mut config);
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    std::fs::copy(source.join("model.safetensors"), folder.path().join("model.safetensors")).unwrap();
    folder
}

/// Factors as llama.cpp's converter writes them for the very scaling that the folder's configuration asks for.
#[test]
fn rope_factors_are_llama3s_scaling() {
    let (factor, low, high, original, theta) = (8.0_f64, 1.0, 4.0, 16.0, 1e4_f64);
    let folder = llama_with(|config| {
        config["rope_parameters"] = serde_json::json!({
            "rope_theta": theta, "rope_type": "llama3", "factor": factor, "low_freq_factor": low,
            "high_freq_factor": high, "original_max_position_embeddings": original as u32
        });
    });

    let factors: Vec<f32> = (0..4)
        .map(|pair| {
            let wavelength = std::f64::consts::TAU * theta.powf(f64::from(pair) / 4.0);
            if wavelength < original / high {
                1.0
            } else if wavelength > original / low {
                factor as f32
            } else {
                let smooth = (original / wavelength - low) / (high - low);
                (1.0 / ((1.0 - smooth) / factor + smooth)) as f32
            }
        })
        .collect();
    assert!(factors[0] > 1.0 && factors[0] < 8.0 && factors[3] == 8.0, "{factors:?}");
    let mut gguf = golden("llama", Format::F32);
    let bytes = Format::F32.bytes(&factors);
    gguf.tensors.push(Tensor { name: "rope_freqs.weight".to_owned(), shape: vec![4], format: 0, bytes });

    let unscaled = of_folder("llama").run(None);
    let scaled = attenuate::model::folder::open(folder.path(), &attenuate::model::loading::unwatched).unwrap();
    let expected = of_folder("llama").with_model(scaled).run(None);
    let ours = of_file("llama", &gguf).run(None);
    assert_ne!(expected.bits(), unscaled.bits());
    for ((.., ours), (.., expected)) in ours.all().zip(expected.all()) {
        assert!((ours.dense() - expected.dense()).mapv(f32::abs).iter().all(|&d| d <= TOLERANCE));
    }
    let misshapen = gguf.clone().change("rope_freqs.weight", |tensor| {
        tensor.shape = vec![2];
        tensor.bytes.truncate(8);
    });
    assert_eq!(open(&misshapen.bytes()).err().unwrap(), "tensor rope_freqs.weight: expected shape [4], found [2]");
    let negative = gguf.change("rope_freqs.weight", |tensor| tensor.bytes[3] |= 0x80);
    assert!(open(&negative.bytes()).err().unwrap().contains("above 0"));
}

/// A llama file with a window is a Mistral.
#[test]
fn a_sliding_window_is_that_of_the_folder() {
    let folder = llama_with(|config| {
        config["model_type"] = "mistral".into();
        config["sliding_window"] = 4.into();
    });
    let windowed = attenuate::model::folder::open(folder.path(), &attenuate::model::loading::unwatched).unwrap();
    let expected = of_folder("llama").with_model(windowed).run(None).bits();
    let whole = of_folder("llama").run(None).bits();
    assert_ne!(expected, whole);
    let gguf = golden("llama", Format::F32).set("llama.attention.sliding_window", 4);
    assert_eq!(of_file("llama", &gguf).run(None).bits(), expected);
    let none = golden("llama", Format::F32).set("llama.attention.sliding_window", 0);
    assert_eq!(of_file("llama", &none).run(None).bits(), whole);
}

/// Version 2 has the same layout; files may align their tensors as they like.
#[test]
fn versions_and_alignments_change_nothing() {
    let expected = of_folder("llama").run(None).bits();
    let older = Gguf { version: 2, ..golden("llama", Format::F32) };
    assert_eq!(of_file("llama", &older).run(None).bits(), expected);
    for alignment in [1, 8, 1024] {
        let aligned = Gguf { alignment, ..golden("llama", Format::F32) };
        let aligned = aligned.set("general.alignment", alignment as u32);
        assert_eq!(of_file("llama", &aligned).run(None).bits(), expected, "{alignment}");
    }
    let neutral = golden("llama", Format::F32)
        .set("llama.expert_count", 0)
        .set("llama.rope.scaling.type", "none")
        .set("llama.logit_scale", Meta::F32(1.0))
        .set("llama.attention.causal", Meta::Flag(true));
    assert_eq!(of_file("llama", &neutral).run(None).bits(), expected);
}
