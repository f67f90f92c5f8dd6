"""What `attenuate models` takes on a disk with 200 models of 50 GB: seconds and megabytes.

    cargo build --release && python benches/models_on_disk.py [PROGRAM]

Needs Python alone. The models are headers as large as real ones (100 folders in a cache of Hugging Face, 100 GGUF files
with vocabularies of 128 000 in Ollama's store) before sparse files, which take no room: what is measured is the reading of
headers that the system has in memory. Each run is made five times; the median counts.
"""

import hashlib
import json
import os
import statistics
import struct
import sys
import tempfile

from program import measured

RUNS = 5
MODELS = 100
BYTES = 250_000_000
LAYERS, WIDTH, INNER, VOCABULARY = 28, 1024, 3072, 128_000
COMMIT = "0" * 40


def shapes(names):
    """The tensors of a Qwen3 of 28 layers, scaled down to fit into BYTES in F16."""
    token, layer = names
    tensors = {token: (60_000, WIDTH)}
    for index in range(LAYERS):
        for name, shape in layer.items():
            tensors[name.format(index)] = shape
    return tensors


FOLDER_NAMES = ("model.embed_tokens.weight", {
    "model.layers.{}.input_layernorm.weight": (WIDTH,),
    "model.layers.{}.post_attention_layernorm.weight": (WIDTH,),
    "model.layers.{}.self_attn.q_proj.weight": (WIDTH, WIDTH),
    "model.layers.{}.self_attn.k_proj.weight": (WIDTH // 2, WIDTH),
    "model.layers.{}.self_attn.v_proj.weight": (WIDTH // 2, WIDTH),
    "model.layers.{}.self_attn.o_proj.weight": (WIDTH, WIDTH),
    "model.layers.{}.mlp.gate_proj.weight": (64, WIDTH),
    "model.layers.{}.mlp.up_proj.weight": (64, WIDTH),
    "model.layers.{}.mlp.down_proj.weight": (WIDTH, 64),
})
GGUF_NAMES = ("token_embd.weight", {
    "blk.{}.attn_norm.weight": (WIDTH,),
    "blk.{}.ffn_norm.weight": (WIDTH,),
    "blk.{}.attn_q.weight": (WIDTH, WIDTH),
    "blk.{}.attn_k.weight": (WIDTH // 2, WIDTH),
    "blk.{}.attn_v.weight": (WIDTH // 2, WIDTH),
    "blk.{}.attn_output.weight": (WIDTH, WIDTH),
    "blk.{}.ffn_gate.weight": (64, WIDTH),
    "blk.{}.ffn_up.weight": (64, WIDTH),
    "blk.{}.ffn_down.weight": (WIDTH, 64),
})
CONFIG = {
    "model_type": "llama", "hidden_size": WIDTH, "intermediate_size": 64, "num_hidden_layers": LAYERS,
    "num_attention_heads": 16, "num_key_value_heads": 8, "vocab_size": 60_000, "max_position_embeddings": 8192,
    "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": True, "hidden_act": "silu",
}


def safetensors():
    """The header alone, and the length of the whole file."""
    entries, at = {}, 0
    for name, shape in shapes(FOLDER_NAMES).items():
        size = 2
        for length in shape:
            size *= length
        entries[name] = {"dtype": "F16", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    header = json.dumps(entries).encode()
    return struct.pack("<Q", len(header)) + header, 8 + len(header) + at


def gguf():
    """The header alone, and the length of the whole file."""
    def text(value):
        return struct.pack("<Q", len(value)) + value

    def pair(key, kind, value):
        return text(key.encode()) + struct.pack("<I", kind) + value

    def texts(values):
        return struct.pack("<IQ", 8, len(values)) + b"".join(map(text, values))

    pairs = [
        pair("general.architecture", 8, text(b"llama")),
        pair("llama.block_count", 4, struct.pack("<I", LAYERS)),
        pair("llama.embedding_length", 4, struct.pack("<I", WIDTH)),
        pair("llama.feed_forward_length", 4, struct.pack("<I", 64)),
        pair("llama.attention.head_count", 4, struct.pack("<I", 16)),
        pair("llama.attention.head_count_kv", 4, struct.pack("<I", 8)),
        pair("llama.context_length", 4, struct.pack("<I", 8192)),
        pair("llama.attention.layer_norm_rms_epsilon", 6, struct.pack("<f", 1e-5)),
        pair("tokenizer.ggml.model", 8, text(b"gpt2")),
        pair("tokenizer.ggml.tokens", 9, texts([b"token%d" % index for index in range(VOCABULARY)])),
        pair("tokenizer.ggml.merges", 9, texts([b"tok en%d" % index for index in range(2 * VOCABULARY)])),
        pair("tokenizer.ggml.token_type", 9, struct.pack("<IQ", 5, VOCABULARY) + struct.pack("<i", 1) * VOCABULARY),
    ]
    infos, at = [], 0
    for name, shape in shapes(GGUF_NAMES).items():
        half = len(shape) > 1
        size = 2 if half else 4
        for length in shape:
            size *= length
        sizes = b"".join(struct.pack("<Q", length) for length in reversed(shape))
        infos.append(text(name.encode()) + struct.pack("<I", len(shape)) + sizes + struct.pack("<IQ", int(half), at))
        at += (size + 31) // 32 * 32
    header = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(pairs)) + b"".join(pairs + infos)
    header += bytes(-len(header) % 32)
    return header, len(header) + at


def sparse(path, header, length):
    with open(path, "wb") as file:
        file.write(header)
        file.truncate(max(length, BYTES) if header[:4] == b"GGUF" else length)


def make(folder):
    """Both caches; returns the bytes that their files seem to have."""
    total = 0
    header, length = safetensors()
    for index in range(MODELS):
        model = os.path.join(folder, "hub", f"models--somebody--model-{index:03}")
        snapshot, blobs = os.path.join(model, "snapshots", COMMIT), os.path.join(model, "blobs")
        for path in (snapshot, blobs, os.path.join(model, "refs")):
            os.makedirs(path)
        with open(os.path.join(model, "refs", "main"), "w") as file:
            file.write(COMMIT)
        for name in ("config.json", "model.safetensors", "tokenizer.json", "README.md", "generation_config.json"):
            blob = hashlib.sha256(name.encode()).hexdigest()
            if name == "model.safetensors":
                sparse(os.path.join(blobs, blob), header, length)
                total += length
            else:
                with open(os.path.join(blobs, blob), "w") as file:
                    json.dump(CONFIG, file)
            os.symlink(os.path.join("..", "..", "blobs", blob), os.path.join(snapshot, name))
    header, length = gguf()
    manifests = os.path.join(folder, "ollama", "manifests", "registry.ollama.ai", "library")
    blobs = os.path.join(folder, "ollama", "blobs")
    os.makedirs(blobs)
    for index in range(MODELS):
        digest = hashlib.sha256(str(index).encode()).hexdigest()
        os.makedirs(os.path.join(manifests, f"model-{index:03}"))
        with open(os.path.join(manifests, f"model-{index:03}", "latest"), "w") as file:
            layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}", "size": length}
            json.dump({"schemaVersion": 2, "layers": [layer]}, file)
        sparse(os.path.join(blobs, f"sha256-{digest}"), header, length)
        total += max(length, BYTES)
    return total


def main():
    program = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "target/release/attenuate")
    with tempfile.TemporaryDirectory() as folder:
        total = make(folder)
        os.environ.update(HF_HUB_CACHE=os.path.join(folder, "hub"), OLLAMA_MODELS=os.path.join(folder, "ollama"), HOME=folder)
        runs = [measured(program, ["models", "--json"], folder) for _ in range(RUNS)]
        seconds, megabytes = (statistics.median(values) for values in zip(*runs))
        print(f"{2 * MODELS} models of {total / 1e9:.0f} GB {seconds:8.3f} s {megabytes:8.0f} MB", flush=True)


if __name__ == "__main__":
    main()
