"""Writes golden.safetensors: the patterns of BERT for a pair of sentences (transformers 5, eager, f32).

    python make.py      in this folder
"""

import torch
from safetensors.torch import save_file
from transformers import AutoTokenizer, BertForMaskedLM

tokenizer = AutoTokenizer.from_pretrained(".")
model = BertForMaskedLM.from_pretrained(".", attn_implementation="eager").eval()
pair = tokenizer("the cat sat", "on the mat", return_tensors="pt")
# 0 up to the first [SEP], 1 behind it, as in the paper (section 3.2), whether or not the tokenizer file gives types.
ends = (pair.input_ids == tokenizer.sep_token_id).cumsum(1)
types = torch.cat([torch.zeros(1, 1, dtype=torch.long), (ends > 0).long()[:, :-1]], 1)
with torch.no_grad():
    output = model(pair.input_ids, token_type_ids=types, output_attentions=True)
save_file(
    {
        "input_ids": pair.input_ids[0],
        "token_type_ids": types[0],
        "attn": torch.stack([attention[0] for attention in output.attentions]),
        "logits": output.logits[0].contiguous(),
    },
    "golden.safetensors",
)
