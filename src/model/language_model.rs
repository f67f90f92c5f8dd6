use std::sync::Arc;

use ndarray::Array2;

use super::{
    Chat, ModelError, Notice,
    chat::ChatTemplate,
    ends,
    families::{description::Description, network::Network, registry},
    lazy_tokenizer::LazyTokenizer,
    loading::{Watch, unwatched},
    tokenizer::{Tokenizer, VocabularyToken},
    transformer::{ModelShape, Residual, Transformer},
    weights::{TensorStore, Weights, open_safetensors},
};
use crate::base::MappedFile;

/// Whether an adapter is merged into a model's weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Adapter {
    /// They are the model's own.
    #[default]
    None,
    /// They are the model's with those of an adapter.
    Merged,
}

/// A transformer and what it takes to give it text.
pub struct LanguageModel {
    transformer: Box<dyn Transformer>,
    tokenizer: Option<LazyTokenizer>,
    /// What is not supported of the tokenizer that the files have.
    unsupported_tokenizer: Option<String>,
    chat: Option<ChatTemplate>,
    notices: Vec<Notice>,
    adapter: Adapter,
    /// Ids of tokens behind which a text ends.
    ends: Vec<u32>,
    /// Where its weights are, if they are not held in memory.
    files: Vec<Arc<MappedFile>>,
}

impl LanguageModel {
    /// A model and the tokenizer of its prompts; without one it reads token ids alone.
    pub fn new(transformer: Box<dyn Transformer>, tokenizer: Option<Tokenizer>) -> Self {
        Self::tokenized_by(transformer, tokenizer.map(LazyTokenizer::from))
    }

    pub(super) fn tokenized_by(transformer: Box<dyn Transformer>, tokenizer: Option<LazyTokenizer>) -> Self {
        let (notices, ends, files) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            transformer,
            tokenizer,
            unsupported_tokenizer: None,
            chat: None,
            notices,
            adapter: Adapter::None,
            ends,
            files,
        }
    }

    /// Its files have a tokenizer, but not one that is read here: `what` says why.
    pub(super) fn with_unsupported_tokenizer(transformer: Box<dyn Transformer>, what: String) -> Self {
        Self { unsupported_tokenizer: Some(what), ..Self::new(transformer, None) }
    }

    /// With weights that are in these files.
    pub(super) fn with_files(self, files: Vec<Arc<MappedFile>>) -> Self {
        Self { files, ..self }
    }

    /// With what puts a user's words between the special tokens of a chat.
    pub(super) fn with_chat(self, chat: Option<ChatTemplate>) -> Self {
        Self { chat, ..self }
    }

    /// With tokens behind which a text ends.
    pub(super) fn with_ends(mut self, ends: impl IntoIterator<Item = u32>) -> Self {
        self.ends.extend(ends);
        self
    }

    /// With what whoever opened it should know.
    pub(super) fn with_notices(mut self, notices: impl IntoIterator<Item = Notice>) -> Self {
        self.notices.extend(notices);
        self
    }

    /// Whether an adapter is merged into its weights.
    pub(super) fn with_adapter(self, adapter: Adapter) -> Self {
        Self { adapter, ..self }
    }

    /// Whether an adapter is merged into its weights.
    pub const fn adapter(&self) -> Adapter {
        self.adapter
    }

    /// What whoever opened it should know.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// From the texts of `config.json` and, where there is one, `tokenizer.json`, and the bytes of a safetensors file.
    ///
    /// # Errors
    /// When one of them is malformed or the model is not supported, which is known before its weights are read.
    pub fn from_bytes(config: &[u8], weights: &[u8], tokenizer: Option<&[u8]>) -> Result<Self, ModelError> {
        let tokenizer = tokenizer.map(Tokenizer::from_bytes).transpose();
        let model = Self::load(&registry::parse(config)?, &open_safetensors(weights)?, tokenizer, &unwatched)?;
        Ok(model.with_ends(ends::in_config(config)))
    }

    /// With tensors from anywhere, and the tokenizer where there is one. One that is not supported is named once a text is
    /// given.
    ///
    /// # Errors
    /// When the tokenizer is malformed, a tensor is not as the configuration says, or `watch` gave up.
    pub(super) fn load(
        description: &Description,
        store: &dyn TensorStore,
        tokenizer: Result<Option<Tokenizer>, ModelError>,
        watch: Watch<'_>,
    ) -> Result<Self, ModelError> {
        let (tokenizer, unsupported_tokenizer) = match tokenizer {
            Ok(tokenizer) => (tokenizer, None),
            Err(ModelError::UnsupportedTokenizer { what }) => (None, Some(what)),
            Err(malformed) => return Err(malformed),
        };
        let separator = Separator::of(description, |piece| tokenizer.as_ref()?.id(piece));
        let transformer = Network::load(description, &Weights::watched(store, watch), separator.id)?;
        let notices = separator.notice().into_iter().chain(transformer.notice());
        let model = Self { unsupported_tokenizer, ..Self::new(Box::new(transformer), tokenizer) };
        Ok(model.with_files(store.files()).with_notices(notices))
    }

    /// # Errors
    /// When a file of its weights was changed since it was opened: the model must be opened again.
    pub fn check_files(&self) -> Result<(), ModelError> {
        Ok(self.files.iter().try_for_each(|file| file.check())?)
    }

    /// The model itself, from token ids to logits.
    pub fn transformer(&self) -> &dyn Transformer {
        &*self.transformer
    }

    /// Numbers of layers, heads, dimensions and tokens.
    pub fn shape(&self) -> &ModelShape {
        self.transformer.shape()
    }

    /// Tokens of `text`, which may be none or more than fit ([`Self::check_ids`]). With `bos` come those that the
    /// tokenizer puts around every sequence ([`Tokenizer::encode`]).
    ///
    /// # Errors
    /// When the model has no tokenizer, or it fails on this text.
    pub fn tokenize(&self, text: &str, bos: bool) -> Result<Vec<VocabularyToken>, ModelError> {
        self.tokenizer()?.encode(text, bos)
    }

    fn tokenizer(&self) -> Result<&Tokenizer, ModelError> {
        let missing = || match &self.unsupported_tokenizer {
            Some(what) => ModelError::UnsupportedTokenizer { what: what.clone() },
            None => ModelError::NoTokenizer,
        };
        self.tokenizer.as_ref().ok_or_else(missing)?.get()
    }

    /// Tokens of what the model's template makes of `chat`, up to where the answer begins. None are added to them.
    ///
    /// # Errors
    /// When the model has no template or it fails, and those of [`Self::tokenize`].
    pub fn chat(&self, chat: &Chat) -> Result<Vec<VocabularyToken>, ModelError> {
        let template = self.chat.as_ref().ok_or(ModelError::NoChatTemplate)?;
        let tokenizer = self.tokenizer()?;
        tokenizer.encode_chat(&template.render(chat, &|id| tokenizer.token(id).piece)?)
    }

    /// Whether the model's files have a template for chats, be it one that fails.
    pub fn has_chat(&self) -> bool {
        self.chat.is_some()
    }

    /// Whether the tokenizer puts a token in front of every sequence.
    pub fn has_bos(&self) -> bool {
        self.tokenizer.as_ref().is_some_and(LazyTokenizer::has_bos)
    }

    /// Whether a text ends behind the token with this id.
    pub fn ends_with(&self, id: u32) -> bool {
        self.ends.contains(&id)
    }

    /// What tokens spell ([`Tokenizer::decode`]); without a tokenizer they are written as numbers.
    ///
    /// # Errors
    /// When the tokenizer fails on these tokens.
    pub fn spelled(&self, token_ids: &[u32]) -> Result<String, ModelError> {
        match &self.tokenizer {
            Some(tokenizer) => tokenizer.get()?.decode(token_ids),
            None => Ok(token_ids.iter().fold(String::new(), |spelled, id| spelled + " " + &id.to_string())),
        }
    }

    /// The tokens with these ids; without a tokenizer they are written as numbers.
    pub fn tokens(&self, token_ids: &[u32]) -> Vec<VocabularyToken> {
        let unnamed = || token_ids.iter().map(|&id| VocabularyToken::unnamed(id)).collect();
        self.tokenizer.as_ref().map_or_else(unnamed, |tokenizer| tokenizer.tokens(token_ids))
    }

    /// # Errors
    /// When there is no token, there are more than fit, or one is outside the vocabulary.
    pub fn check_ids(&self, token_ids: &[u32]) -> Result<(), ModelError> {
        self.shape().check_ids(token_ids)
    }

    /// Logits of the token after the last position of each run, `[runs, vocab]`, from what is behind the last layer; of
    /// a model that reads in both directions, of the token at the last position.
    ///
    /// # Errors
    /// Those of [`Transformer::logits`].
    pub fn next_token_logits(&self, residual: &Residual) -> Result<Array2<f32>, ModelError> {
        self.transformer.logits(&residual.last()?)
    }
}

/// The token behind which the second sentence of a pair begins, in a model that tells the two apart.
pub(super) struct Separator {
    pub id: Option<u32>,
}

impl Separator {
    /// `id_of` tells the id of a piece, and is not asked where the model tells no sentences apart.
    pub fn of(description: &Description, id_of: impl FnOnce(&str) -> Option<u32>) -> Self {
        let piece = description.embedding.token_types.and_then(|types| types.separator);
        Self { id: piece.and_then(id_of) }
    }

    /// Why a pair reads otherwise than a tokenizer that is given one text would have it.
    pub fn notice(&self) -> Option<Notice> {
        self.id.map(|_| Notice {
            brief: "[SEP] begins the second sentence",
            sentence:
                "tokens behind a [SEP] within the prompt are of type 1, the second sentence, as those of a pair are; a \
                 tokenizer that is given one text calls all of them type 0"
                    .to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, collections::BTreeMap};

    use safetensors::{Dtype, SafeTensors, View, serialize};

    use super::*;
    use crate::model::{bundled, transformer::PositionLimit};

    /// A tensor that a test may change.
    #[derive(Clone)]
    struct Raw {
        dtype: Dtype,
        shape: Vec<usize>,
        data: Vec<u8>,
    }

    impl View for Raw {
        fn dtype(&self) -> Dtype {
            self.dtype
        }

        fn shape(&self) -> &[usize] {
            &self.shape
        }

        fn data(&self) -> Cow<'_, [u8]> {
            Cow::Borrowed(&self.data)
        }

        fn data_len(&self) -> usize {
            self.data.len()
        }
    }

    /// The bundled model's tensors after `change`, as a safetensors file.
    fn changed_weights(change: impl FnOnce(&mut BTreeMap<String, Raw>)) -> Vec<u8> {
        let mut tensors: BTreeMap<String, Raw> = SafeTensors::deserialize(bundled::WEIGHTS)
            .unwrap()
            .iter()
            .map(|(name, view)| {
                let raw = Raw { dtype: view.dtype(), shape: view.shape().to_vec(), data: view.data().to_vec() };
                (name.to_owned(), raw)
            })
            .collect();
        change(&mut tensors);
        serialize(tensors, None).unwrap()
    }

    fn refusal(weights: &[u8]) -> String {
        LanguageModel::from_bytes(bundled::CONFIG, weights, None).err().expect("refused").to_string()
    }

    const NAME: &str = "model.layers.3.mlp.up_proj.weight";

    #[test]
    fn truncated_weights_are_refused() {
        let all = bundled::WEIGHTS;
        for length in [0, 7, 8, 100, all.len() / 2, all.len() - 1] {
            let message = refusal(&all[..length]);
            assert!(message.starts_with("the weights cannot be read: "), "{message}");
        }
        let huge_header = u64::MAX.to_le_bytes();
        assert!(refusal(&huge_header).starts_with("the weights cannot be read: "));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn a_damaged_header_is_refused_or_harmless(at in 0_usize..6_000, byte: u8) {
            let mut weights = bundled::WEIGHTS.to_vec();
            weights[at] = byte;
            if let Ok(model) = LanguageModel::from_bytes(bundled::CONFIG, &weights, None) {
                let residual = model.transformer().embed(&[0, 1]).unwrap();
                proptest::prop_assert!(model.transformer().qkv(0, &residual).is_ok());
            }
        }
    }

    #[test]
    fn a_tensor_that_is_missing_misshapen_or_unknown_is_named() {
        let missing = changed_weights(|tensors| drop(tensors.remove(NAME)));
        assert_eq!(refusal(&missing), format!("the weights have no tensor {NAME}"));

        let turned = changed_weights(|tensors| tensors.get_mut(NAME).unwrap().shape.reverse());
        let [found, expected] = [&turned, bundled::WEIGHTS]
            .map(|bytes| SafeTensors::deserialize(bytes).unwrap().tensor(NAME).unwrap().shape().to_vec());
        assert_eq!(refusal(&turned), format!("tensor {NAME}: expected shape {expected:?}, found {found:?}"));

        let integers = changed_weights(|tensors| {
            let tensor = tensors.get_mut(NAME).unwrap();
            tensor.dtype = Dtype::U8;
            tensor.data.truncate(tensor.shape.iter().product());
        });
        assert!(refusal(&integers).starts_with(&format!("number format U8 of tensor {NAME} is not supported")));

        let bias = "model.layers.3.self_attn.q_proj.bias";
        let extra = changed_weights(|tensors| {
            let zeros = Raw { dtype: Dtype::F32, shape: vec![4], data: vec![0; 16] };
            tensors.insert(bias.to_owned(), zeros);
        });
        assert!(refusal(&extra).contains(bias), "{}", refusal(&extra));
    }

    #[test]
    fn an_unsupported_model_is_refused_before_its_weights_are_read() {
        for (config, named) in [
            (r#"{"model_type": "nobody"}"#, "model_type nobody is not supported: llama, "),
            (r#"{"model_type": "gpt2", "add_cross_attention": true}"#, "add_cross_attention true"),
            (r#"{"model_type": "gpt_neox", "hidden_size": 0}"#, "config.json: hidden_size"),
            (r#"{"model_type": "bert", "is_decoder": true}"#, "is_decoder true"),
        ] {
            let error = LanguageModel::from_bytes(config.as_bytes(), b"not even weights", None);
            let message = error.err().expect("refused").to_string();
            assert!(message.starts_with(named), "{message}");
        }
    }

    #[test]
    fn prompts_are_checked_before_they_are_run() {
        let model = bundled::load().unwrap();
        let (max, vocab_size) = (model.shape().max_positions, model.shape().vocab_size);
        let first_outside = u32::try_from(vocab_size).unwrap();
        assert!(model.check_ids(&vec![first_outside - 1; max]).is_ok());
        assert!(matches!(model.check_ids(&[]), Err(ModelError::EmptyPrompt)));
        assert!(matches!(
            model.check_ids(&vec![0; max + 1]),
            Err(ModelError::PromptTooLong { found, limit: PositionLimit::Model, .. }) if found == max + 1
        ));
        assert!(matches!(
            model.check_ids(&[0, first_outside]),
            Err(ModelError::UnknownToken { id, .. }) if id == first_outside
        ));
        assert!(model.transformer().embed(&[u32::MAX]).is_err());
    }

    #[test]
    fn without_a_tokenizer_tokens_are_numbers() {
        let model = LanguageModel::from_bytes(bundled::CONFIG, bundled::WEIGHTS, None).unwrap();
        assert!(matches!(model.tokenize("love", true), Err(ModelError::NoTokenizer)));
        assert_eq!(model.tokens(&[7])[0].text, "7");
    }

    #[test]
    fn the_next_tokens_logits_are_those_of_the_last_position() {
        let model = bundled::load().unwrap();
        let ids: Vec<u32> = model.tokenize("in love", true).unwrap().iter().map(|token| token.id).collect();
        let residual = model.transformer().embed(&ids).unwrap();
        let logits = model.next_token_logits(&residual).unwrap();
        let all = model.transformer().logits(&residual).unwrap();
        for (of_last, of_all) in logits.row(0).iter().zip(all.row(ids.len() - 1)) {
            assert!((of_last - of_all).abs() < 1e-4);
        }
    }
}
