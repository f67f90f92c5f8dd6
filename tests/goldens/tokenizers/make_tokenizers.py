"""Folders without a tokenizer.json, and the ids that transformers makes of texts with what they have instead.

Needs transformers, tokenizers, sentencepiece and protobuf: `python make_tokenizers.py`. Tiny vocabularies are trained on
the text below; each folder gets the files of one kind, and `expected.json`: for each text its ids with and without what
the tokenizer puts around every sequence.
"""

import json
import shutil
from pathlib import Path

import sentencepiece
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer

HERE = Path(__file__).parent
CORPUS = (HERE.parents[2] / "assets/model/README.md").read_text() if False else """
It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want of a wife.
However little known the feelings or views of such a man may be on his first entering a neighbourhood, this truth is so
well fixed in the minds of the surrounding families, that he is considered as the rightful property of some one or other
of their daughters. To be fond of dancing was a certain step towards falling in love. I'm sure they'll say it's 1813, or
2026; café, naïve, Zürich, Über, 東京 and 日本. The cat sat on the mat, and the dog ran after the cat.
"""
TEXTS = [
    "To be fond of dancing was a certain step",
    " a leading space",
    "   three of them, and  two  within",
    "trailing   ",
    "",
    " ",
    "\n\nlines\tand\ttabs \n ",
    "café naïve Zu\u0308rich Über ﬁne Ⅸ",
    "東京は日本 한국어",
    "😀 unknown ☃ bytes \u0000 \x7f",
    "I'm sure they'LL say it's 1813, or 20267!",
    "<s>a special</s> one <pad><unk> and[MASK] [SEP]two",
    "the<|endoftext|> end<|im_start|>user",
    "▁the ▁▁ cat ▁",
    "new<new> one <NEW>",
    "DON'T SHOUT, aaaaaaaaa nnnnanana",
    "e\u0301 E\u0301 ﷺ ½ Å",
    "ab <mark> cd<mark>ef",
]


def write(folder, name, value):
    (folder / name).write_text(json.dumps(value, ensure_ascii=False, indent=None) + "\n")


def fresh(name):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def record(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    of = lambda text, special: tokenizer(text, add_special_tokens=special)["input_ids"]
    cases = [{"text": text, "ids": of(text, True), "plain": of(text, False)} for text in TEXTS]
    write(folder, "expected.json", cases)
    print(folder.name, type(tokenizer).__name__, cases[0]["ids"][:6], len(tokenizer))


def byte_level(name, normalizer, tokenizer_config, special, model_type=None, more={}):
    folder = fresh(name)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([CORPUS], trainer)
    tokenizer.model.save(str(folder))
    finish(folder, tokenizer_config, model_type, more)


def word_pieces(name, lowercase, tokenizer_config, model_type=None, more={}):
    folder = fresh(name)
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=220, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator([CORPUS], trainer)
    tokenizer.model.save(str(folder))
    finish(folder, tokenizer_config, model_type, more)


def sentence_piece(name, kind, tokenizer_config, model_type=None, more={}, **options):
    folder = fresh(name)
    (folder / "corpus").write_text(CORPUS)
    options = {"vocab_size": 420 if kind == "bpe" else 400, "byte_fallback": True} | options
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "corpus"), model_prefix=str(folder / "tokenizer"), model_type=kind,
        hard_vocab_limit=False, minloglevel=2, character_coverage=0.98, num_threads=1, **options,
    )
    (folder / "corpus").unlink()
    (folder / "tokenizer.vocab").unlink()
    finish(folder, tokenizer_config, model_type, more)


def finish(folder, tokenizer_config, model_type, more):
    if tokenizer_config is not None:
        write(folder, "tokenizer_config.json", tokenizer_config)
    if model_type is not None:
        write(folder, "config.json", {"model_type": model_type})
    for file, value in more.items():
        write(folder, file, value)
    record(folder)


def added(content, **flags):
    usual = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
    return {"content": content} | usual | flags


END = "<|endoftext|>"
byte_level("gpt2", None, None, [END], "gpt2")
byte_level(
    "gpt2_added", None, {"tokenizer_class": "GPT2Tokenizer", "add_bos_token": True, "bos_token": "</s>"},
    ["<s>", "<pad>", "</s>", "<unk>"], "opt",
    {"added_tokens.json": {"<new>": 420, "<mark>": 421}, "special_tokens_map.json": {
        "bos_token": added("</s>", normalized=True), "eos_token": "</s>", "unk_token": "</s>", "pad_token": "<pad>"}},
)
byte_level("gpt2_prefix", None, {"tokenizer_class": "GPT2TokenizerFast", "add_prefix_space": True}, [END])
byte_level(
    "qwen2", normalizers.NFC(), {
        "tokenizer_class": "Qwen2Tokenizer", "bos_token": None, "eos_token": "<|im_end|>", "pad_token": END,
        "unk_token": None, "add_prefix_space": False, "additional_special_tokens": ["<|im_start|>", "<|im_end|>"],
        "added_tokens_decoder": {"420": added(END), "421": added("<|im_start|>"), "422": added("<|im_end|>")}},
    [], "qwen2",
)
byte_level("roberta", None, {"tokenizer_class": "RobertaTokenizer"}, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
word_pieces("bert", True, None, "bert")
word_pieces(
    "bert_cased", False,
    {"tokenizer_class": "BertTokenizer", "do_lower_case": False, "strip_accents": False, "tokenize_chinese_chars": False},
    None, {"added_tokens.json": {"<new>": 220}},
)
llama = {"normalization_rule_name": "identity", "split_digits": True, "remove_extra_whitespaces": False,
         "allow_whitespace_only_pieces": True}
sentence_piece("llama", "bpe", {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "add_eos_token": False}, **llama)
sentence_piece(
    "llama_legacy", "bpe", {
        "tokenizer_class": "LlamaTokenizer", "legacy": True, "add_bos_token": True, "add_eos_token": True,
        "added_tokens_decoder": {
            "0": added("<unk>"), "1": added("<s>"), "2": added("</s>"), "420": added("<new>", lstrip=True),
            "421": added("<mark>", special=False, normalized=True, rstrip=True)}},
    **llama,
)
sentence_piece("llama_plain", "bpe", None, "llama", **llama)
gemma = {"pad_id": 0, "eos_id": 1, "bos_id": 2, "unk_id": 3, "pad_piece": "<pad>", "eos_piece": "<eos>",
         "bos_piece": "<bos>", "user_defined_symbols": ["<mark>", "▁▁", "▁▁▁", "\n"], "add_dummy_prefix": False}
sentence_piece("gemma", "bpe", {"tokenizer_class": "GemmaTokenizer", "add_bos_token": True}, **llama | gemma)
sentence_piece("generic_bpe", "bpe", {"tokenizer_class": "TokenizersBackend"}, "phi3", **llama)
sentence_piece("generic_unigram", "unigram", {"tokenizer_class": "TokenizersBackend", "add_bos_token": True}, "phi3")
sentence_piece("generic_words", "unigram", {"tokenizer_class": "TokenizersBackend"}, "phi3", byte_fallback=False,
               user_defined_symbols=["<mark>"], normalization_rule_name="nmt_nfkc")
