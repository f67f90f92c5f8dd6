"""What transformers makes of chat templates, which tokens it puts around a text, and what the model inside the program
answers: rendered.json, bos.json and inside.json beside.

    python tests/parity/chat/make.py            # needs torch, transformers (the files were made with 5.24) and gguf

The templates in templates/ were written for this, with the constructs of the most used families. Templates of models can be
compared in the same way by hand: put them beside these, run this and the test.
"""

import datetime
import json
import pathlib
import sys
import tempfile

import torch
from transformers import AutoTokenizer
from transformers.utils import chat_template_utils

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parents[1] / "gguf"))
from long_prompt import model  # noqa: E402

INSIDE = HERE.parents[2] / "assets" / "model" / "smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf"
TOKENIZER = HERE.parents[2] / "assets" / "model" / "tokenizer.json"
CONFIG = {"bos_token": "<s>", "eos_token": "<s>", "tokenizer_class": "PreTrainedTokenizerFast"}
DATE = "2024-07-04"
CHATS = [
    {"user": "What is a cat?"},
    {"user": "What is a cat?", "system": "You are brief."},
    {"user": "  two\nlines \n", "system": " spaces around "},
    {"user": "<s>Ein Käfer 🐞 \"'<&>\\ {{ bos_token }}", "system": ""},
    {"user": "<tool_response>a</tool_response>"},
    {"user": ""},
]


class Day(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromisoformat(DATE)


def folder(tokenizer=None, **config):
    made = pathlib.Path(tempfile.mkdtemp())
    (made / "tokenizer.json").write_text(json.dumps(tokenizer) if tokenizer else TOKENIZER.read_text())
    (made / "tokenizer_config.json").write_text(json.dumps(CONFIG | config))
    return made


def rendered(template):
    tokenizer = AutoTokenizer.from_pretrained(folder(), chat_template=template)
    for chat in CHATS:
        roles = [{"role": role, "content": chat[role]} for role in ("system", "user") if role in chat]
        case = chat | {"date": DATE}
        try:
            text = tokenizer.apply_chat_template(roles, tokenize=False, add_generation_prompt=True)
            ids = tokenizer.apply_chat_template(roles, add_generation_prompt=True, return_dict=False)
            yield case | {"text": text, "token_ids": ids}
        except Exception as error:
            yield case | {"error": str(error)}


def around():
    """The tokens of a text by a tokenizer of a folder, with what its files say of BOS."""
    original = json.loads(TOKENIZER.read_text())
    both = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                   {"SpecialToken": {"id": "<s>", "type_id": 0}}],
        "pair": original["post_processor"]["pair"],
        "special_tokens": original["post_processor"]["special_tokens"],
    }
    behind = both | {"single": both["single"][1:]}
    processors = {"bos": original["post_processor"], "none": None, "bos and eos": both, "eos": behind}
    for name, processor in processors.items():
        for add_bos_token in (None, True, False):
            config = {} if add_bos_token is None else {"add_bos_token": add_bos_token}
            tokenizer = AutoTokenizer.from_pretrained(folder(original | {"post_processor": processor}, **config))
            for text in ("in love", "<s>in love", " <s>", "in<s>love"):
                ids = tokenizer(text)["input_ids"]
                yield {"post_processor": processor, "named": name, "add_bos_token": add_bos_token, "text": text, "token_ids": ids}


def inside():
    """What the model inside answers, by its weights dequantized, up to the end of its text."""
    tokenizer = AutoTokenizer.from_pretrained(str(INSIDE.parent), gguf_file=INSIDE.name)
    made = model(str(INSIDE)).double()
    for chat in ({"user": "What is the capital of France?"}, {"user": "Say hello.", "system": "You are brief."}):
        roles = [{"role": role, "content": chat[role]} for role in ("system", "user") if role in chat]
        ids = tokenizer.apply_chat_template(roles, add_generation_prompt=True, return_dict=False)
        whole = made.generate(torch.tensor([ids]), max_new_tokens=24, do_sample=False, eos_token_id=tokenizer.eos_token_id)
        answer = whole[0, len(ids):].tolist()
        yield chat | {"date": DATE, "token_ids": ids, "answer_ids": answer, "answer": tokenizer.decode(answer)}


def written(name, cases):
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    (HERE / name).write_text(f"[\n{lines}\n]\n")


def main():
    chat_template_utils.datetime = Day
    templates = sorted((HERE / "templates").glob("*.jinja"))
    written("rendered.json", ({"template": path.name} | case for path in templates for case in rendered(path.read_text())))
    written("bos.json", around())
    written("inside.json", inside())


main()
