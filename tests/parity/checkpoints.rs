//! The same model as different versions of transformers save it.

use std::fs;

use attenuate::model::{LanguageModel, ModelError};
use safetensors::{SafeTensors, serialize, tensor::TensorView};

use crate::parity::golden::{Golden, goldens_folder, load};

/// A golden's model whose tensors have been given other names (`None`: left out), with more tensors next to them.
fn respelled(
    family: &str,
    name: impl Fn(&str) -> Option<String>,
    added: &[(&str, &[usize])],
) -> Result<LanguageModel, ModelError> {
    let folder = goldens_folder().join(family);
    let weights = fs::read(folder.join("model.safetensors")).unwrap();
    let weights = SafeTensors::deserialize(&weights).unwrap();
    let most = added.iter().map(|(_, shape)| shape.iter().product::<usize>()).max().unwrap_or(0);
    let zeros = vec![0; 4 * most];
    let zeros = |shape: &[usize]| {
        let bytes = 4 * shape.iter().product::<usize>();
        TensorView::new(safetensors::Dtype::F32, shape.to_vec(), &zeros[..bytes]).unwrap()
    };
    let tensors = weights.iter().filter_map(|(old, view)| Some((name(old)?, view)));
    let tensors: Vec<_> = tensors.chain(added.iter().map(|&(new, shape)| (new.to_owned(), zeros(shape)))).collect();
    let config = fs::read(folder.join("config.json")).unwrap();
    LanguageModel::from_bytes(&config, &serialize(tensors, None).unwrap(), None)
}

/// A golden's model with a tensor a second time, under another name.
fn copied(family: &str, from: &str, to: &str) -> LanguageModel {
    let folder = goldens_folder().join(family);
    let weights = fs::read(folder.join("model.safetensors")).unwrap();
    let weights = SafeTensors::deserialize(&weights).unwrap();
    let copy = (to.to_owned(), weights.tensor(from).unwrap());
    let tensors: Vec<_> = weights.iter().map(|(name, view)| (name.to_owned(), view)).chain([copy]).collect();
    let config = fs::read(folder.join("config.json")).unwrap();
    LanguageModel::from_bytes(&config, &serialize(tensors, None).unwrap(), None).unwrap()
}

fn golden(family: &str) -> Golden {
    load(&goldens_folder().join(family)).unwrap()
}

/// With the same weights and logits, bit by bit.
fn assert_same(family: &str, model: LanguageModel) {
    let original = golden(family);
    let expected = original.run(None);
    let run = original.with_model(model).run(None);
    assert_eq!(run.bits(), expected.bits(), "{family}");
    assert_eq!(run.logits, expected.logits, "{family}");
}

const UNCHANGED: fn(&str) -> Option<String> = |name| Some(name.to_owned());

#[test]
fn buffers_of_old_files_change_nothing() {
    let gpt2: &[(&str, &[usize])] =
        &[("transformer.h.1.attn.bias", &[1, 1, 64, 64]), ("transformer.h.1.attn.masked_bias", &[])];
    let gpt_neox: &[(&str, &[usize])] = &[
        ("gpt_neox.layers.1.attention.bias", &[1, 1, 64, 64]),
        ("gpt_neox.layers.1.attention.masked_bias", &[]),
        ("gpt_neox.layers.1.attention.rotary_emb.inv_freq", &[3]),
    ];
    let bert: &[(&str, &[usize])] = &[
        ("bert.embeddings.position_ids", &[1, 64]),
        ("bert.pooler.dense.weight", &[32, 32]),
        ("bert.pooler.dense.bias", &[32]),
        ("cls.predictions.decoder.bias", &[256]),
        ("cls.seq_relationship.weight", &[2, 32]),
        ("cls.seq_relationship.bias", &[2]),
    ];
    for (family, added) in [("gpt2", gpt2), ("gpt_neox", gpt_neox), ("bert", bert)] {
        assert_same(family, respelled(family, UNCHANGED, added).unwrap());
    }
}

#[test]
fn an_unembedding_in_the_file_is_used_whatever_is_said_of_tying() {
    for (family, embedding, unembedding) in [
        ("gpt2", "transformer.wte.weight", "lm_head.weight"),
        ("bert", "bert.embeddings.word_embeddings.weight", "cls.predictions.decoder.weight"),
    ] {
        let copy = copied(family, embedding, unembedding);
        assert_eq!(copy.notices(), [], "a copy is not another");
        assert_same(family, copy);
        let zeros = respelled(family, UNCHANGED, &[(unembedding, &[256, 32])]).unwrap();
        let [notice] = zeros.notices() else { panic!("{family}: {:?}", zeros.notices()) };
        assert!(notice.sentence.contains("the file's is used"), "{notice:?}");
        let (tied, own) = (golden(family).run(None), golden(family).with_model(zeros).run(None));
        assert_eq!(own.bits(), tied.bits(), "patterns are the same");
        assert_ne!(own.logits, tied.logits);
        // A bias is left of BERT's.
        let same_everywhere = own.logits.outer_iter().all(|row| row == own.logits.row(0));
        assert!(same_everywhere, "{family}: the embedding of every token is 0");
    }
}

#[test]
fn names_of_wrapped_models_are_understood() {
    for wrapper in ["module.", "_orig_mod.", "language_model."] {
        let wrapped = |name: &str| Some(format!("{wrapper}{name}"));
        assert_same("llama", respelled("llama", wrapped, &[("vision_tower.weight", &[2])]).unwrap());
    }
    let inside = |name: &str| Some(name.replace("model.", "model.language_model."));
    assert_same("llama", respelled("llama", inside, &[("model.vision_tower.weight", &[2])]).unwrap());
}

#[test]
fn openais_gpt2_has_no_prefix() {
    let model = respelled("gpt2", |name| name.strip_prefix("transformer.").map(ToOwned::to_owned), &[]);
    assert_same("gpt2", model.unwrap());
}

#[test]
fn old_berts_call_weight_and_bias_of_their_norms_gamma_and_beta() {
    let old = |name: &str| {
        Some(name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"))
    };
    assert_same("bert", respelled("bert", old, &[]).unwrap());
}

#[test]
fn a_bert_without_prefix_and_head_has_the_same_attention_and_no_logits() {
    let model = respelled("bert", |name| name.strip_prefix("bert.").map(ToOwned::to_owned), &[]).unwrap();
    let original = golden("bert");
    let baseline = original.run(None);
    let x = model.transformer().embed(&original.token_ids).unwrap();
    for head in 0..model.shape().n_heads {
        let [ours, expected] = [&model, &original.model]
            .map(|model| model.transformer().qkv(0, &x).unwrap().head_scores(head).exact_row(3));
        assert_eq!(ours, expected);
    }
    assert_eq!(baseline.logits.nrows(), original.token_ids.len());
    assert!(matches!(model.next_token_logits(&x), Err(ModelError::NoLogits { .. })));
}

#[test]
fn tensors_that_nobody_accounts_for_are_refused_by_name() {
    for (family, name) in [
        ("gpt2", "transformer.h.1.crossattention.c_attn.weight"),
        ("gpt2", "lm_head.bias"),
        ("gpt_neox", "gpt_neox.layers.2.attention.query_layernorm.weight"),
        ("bert", "bert.encoder.layer.0.attention.self.distance_embedding.weight"),
        ("bert", "bert.embeddings.extra"),
        ("bert", "cls.predictions.extra"),
    ] {
        match respelled(family, UNCHANGED, &[(name, &[2])]).err() {
            Some(ModelError::UnexpectedTensor { name: found }) => assert_eq!(found, name),
            other => panic!("{name}: {other:?}"),
        }
    }
}
