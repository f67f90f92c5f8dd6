"""Captures every golden model whose attention goes through transformers' interface, for `tests/captures/families.rs`.

    python python/tests/capture_families.py tests/goldens/families tests/captures/families

Needs torch and transformers, which the ordinary tests do without: they read what this wrote. Others must be refused by
name; anything else than a capture or a refusal is an error here.
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "attenuate"))
import capture

REFUSED = {"bloom", "falcon", "falcon_alibi", "falcon_new", "gpt_neo", "mpt"}

goldens, output = map(pathlib.Path, sys.argv[1:])
for folder in sorted(goldens.iterdir()):
    if not (folder / "golden.safetensors").exists():
        continue
    ids = load_file(folder / "golden.safetensors")["input_ids"].reshape(1, -1)
    model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    try:
        tensors, metadata = capture.contents(capture.capture(model, ids))
    except capture.Refused as refused:
        assert folder.name in REFUSED, f"{folder.name}: {refused}"
        continue
    assert folder.name not in REFUSED, folder.name
    metadata |= {"token_ids": json.dumps(ids[0].tolist()), "model": folder.name}
    save_file(tensors, output / f"{folder.name}.safetensors", metadata)
