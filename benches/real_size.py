"""A model at its real size, beside PyTorch and llama.cpp in one run: the table of docs/benchmarks.md. Nobody needs this to use Attenuate.

    python benches/real_size.py [WORK …] [--rounds 5] [--large]

Needs torch and transformers with gguf for PyTorch's column, and xllamacpp (llama.cpp compiled for AVX2) for llama.cpp's; what is not
installed is said and left out. Ours is `cargo bench --bench real_size`, a process for each work, rivals a process each too; ours runs
before and after its rival, and both runs count. Two threads everywhere. Times are medians; CPU time is of all threads.

- PyTorch is eager in f32 with the model inside dequantized, without gradients; a forward makes logits at every position, as ours does.
- `--large` writes a model of 7 billion parameters in Q4_K, 4 GB of random blocks, into the temporary folder.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INSIDE = os.path.join(ROOT, "assets/model/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")
N_POSITIONS, SHOWN_LAYER, VOCAB = 64, 15, 49152

# Work of ours, the rival, its work, how many of ours make one of its, and the aim for ours / rival.
PAIRS = [
    *[(f"forward:{n}", "torch", f"forward:{n}", 0.85) for n in (16, 64, 256, 512)],
    ("panels:15", "torch", "panels", 0.4),
    ("ships", "torch", "ships", 0.25),
    ("forward:64", "llama.cpp", "prompt:64", 0.5),
    ("tokens:64", "torch", "tokens:64", 1 / 3),
    ("tokens:64", "llama.cpp", "tokens:64", 1 / 0.7),
]
ALONE = ["row:15", "column:15", "this-head:14:24", "set:1", "set:8", "continue:32:1", "continue:32:40"]


def built():
    """The worker of `cargo bench --bench real_size`."""
    command = ["cargo", "bench", "--locked", "--bench", "real_size", "--no-run", "--message-format", "json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    messages = map(json.loads, lines)
    # The program is built beside it.
    return next(message["executable"] for message in messages if message.get("executable") and message["target"]["name"] == "real_size")


def measured(command):
    """What a process prints as JSON, and the most memory that it had, in MB."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"failed: {' '.join(command)}")
    scale = 1 if platform.system() == "Darwin" else 1024  # macOS counts bytes, Linux kilobytes
    found = json.loads(output.strip().splitlines()[-1])
    return found | {"peak_mb": usage.ru_maxrss * scale / 1e6}


def timed(rounds, work):
    work(rounds)
    wall, cpu = [], 0.0
    for turn in range(rounds):
        start, used = time.perf_counter(), time.process_time()
        work(turn)
        wall.append(1e3 * (time.perf_counter() - start))
        cpu += 1e3 * (time.process_time() - used)
    return {"wall_ms": wall, "cpu_ms": cpu / rounds}


def token_ids(turn, n):
    return [(position * 7919 + turn * 104729 + 11) % VOCAB for position in range(n)]


def in_torch(work, rounds):
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
    from transformers.models.llama import modeling_llama

    class BehindShownLayer(Exception):
        pass

    factors = {"query": 1.0, "key": 1.0, "value": 1.0}
    stop_at = None

    def scaled(module, query, key, value, *args, **kwargs):
        query, key, value = query * factors["query"], key * factors["key"], value * factors["value"]
        result = modeling_llama.eager_attention_forward(module, query, key, value, *args, **kwargs)
        if module.layer_idx == stop_at:
            raise BehindShownLayer
        return result

    torch.set_num_threads(2)
    torch.set_grad_enabled(False)
    name, *numbers = work.split(":")
    plain = name in ("forward", "tokens")
    ALL_ATTENTION_FUNCTIONS["scaled"] = scaled
    model = AutoModelForCausalLM.from_pretrained(
        os.path.dirname(INSIDE), gguf_file=os.path.basename(INSIDE), dtype=torch.float32,
        attn_implementation="eager" if plain else "scaled",
    ).eval()
    ids = lambda turn, n: torch.tensor([token_ids(turn, n)])
    if name == "forward":
        return timed(rounds, lambda turn: model(ids(turn, int(numbers[0])), use_cache=False))
    if name == "tokens":
        n = int(numbers[0])
        times = []
        for turn in range(rounds + 1):
            read = model(ids(turn, 32), use_cache=True)
            cache, next_id = read.past_key_values, read.logits[0, -1].argmax().view(1, 1)
            start, used = time.perf_counter(), time.process_time()
            for _ in range(n):
                step = model(next_id, past_key_values=cache, use_cache=True)
                next_id = step.logits[0, -1].argmax().view(1, 1)
            times.append((1e3 * (time.perf_counter() - start), 1e3 * (time.process_time() - used)))
        wall, cpu = zip(*times[1:])
        return {"wall_ms": wall, "cpu_ms": statistics.mean(cpu)}
    if name == "ships":
        # A forward for each head: what is changed costs nothing beside it.
        def all_heads(turn):
            prompt = ids(turn, N_POSITIONS)
            for _ in range(270):
                model(prompt, use_cache=False, logits_to_keep=1)

        return timed(1, all_heads)
    stop_at = SHOWN_LAYER

    def nine(turn):
        prompt = ids(turn, N_POSITIONS)
        for component in factors:
            for epsilon in (5e-1, 1e-3, 1e-10):
                factors[component] = epsilon
                try:
                    model(prompt, use_cache=False)
                except BehindShownLayer:
                    pass
            factors[component] = 1.0

    return timed(rounds, nine)


def in_llama_cpp(work, rounds):
    import xllamacpp

    name, n = work.split(":")
    parameters = xllamacpp.CommonParams()
    parameters.model.path = INSIDE
    parameters.n_ctx, parameters.n_parallel, parameters.warmup = 2048, 1, True
    parameters.n_gpu_layers = 0
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 2
    server = xllamacpp.Server(parameters)
    prompt_length = int(n) if name == "prompt" else 32
    wall, cpu = [], 0.0
    for turn in range(rounds + 1):
        used = time.process_time()
        asked = {
            "prompt": token_ids(turn, prompt_length), "n_predict": 1 if name == "prompt" else int(n) + 1,
            "cache_prompt": False, "temperature": 0.0, "ignore_eos": True,
        }
        answer = server.handle_completions(asked)
        answer = json.loads(answer) if isinstance(answer, (str, bytes)) else answer
        timings = answer["timings"]
        if turn > 0:
            wall.append(timings["prompt_ms"] if name == "prompt" else int(n) * timings["predicted_per_token_ms"])
            cpu += 1e3 * (time.process_time() - used)
    # CPU time is that of prompt and tokens together, more than the work.
    return {"wall_ms": wall, "cpu_ms": cpu / rounds}


RIVALS = {"torch": in_torch, "llama.cpp": in_llama_cpp}


def rival(name, work, rounds):
    """In a process of its own; none where it is not installed."""
    command = [sys.executable, os.path.abspath(__file__), "--rival", name, "--rounds", str(rounds), work]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        print(f"SKIPPED {name} {work}: {(done.stderr.strip().splitlines() or ['no reason'])[-1]}", flush=True)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def random_blocks(path, quantization, layers, width, feed_forward, heads, kv_heads, vocab):
    """A Llama of this shape whose weights are random blocks, as a GGUF file."""
    import gguf
    import numpy

    random = numpy.random.default_rng(0)
    kind = getattr(gguf.GGMLQuantizationType, quantization)
    per_block, block_bytes = gguf.GGML_QUANT_SIZES[kind]
    writer = gguf.GGUFWriter(path, "llama", use_temp_file=False)
    writer.add_block_count(layers)
    writer.add_context_length(4096)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(feed_forward)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    head_dim = width // heads
    matrices = {"token_embd.weight": (vocab, width), "output.weight": (vocab, width)}
    for layer in range(layers):
        for name, shape in {
            "attn_q": (width, width), "attn_k": (kv_heads * head_dim, width), "attn_v": (kv_heads * head_dim, width),
            "attn_output": (width, width), "ffn_gate": (feed_forward, width), "ffn_up": (feed_forward, width),
            "ffn_down": (width, feed_forward),
        }.items():
            matrices[f"blk.{layer}.{name}.weight"] = shape
    vectors = ["output_norm.weight"] + [
        f"blk.{layer}.{name}.weight" for layer in range(layers) for name in ("attn_norm", "ffn_norm")
    ]
    for name in vectors:
        writer.add_tensor_info(name, (width,), numpy.dtype("float32"), 4 * width)
    for name, (rows, columns) in matrices.items():
        stored = (rows, columns // per_block * block_bytes)
        writer.add_tensor_info(name, stored, numpy.dtype("uint8"), rows * stored[1], raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for _ in vectors:
        writer.write_tensor_data(numpy.ones(width, numpy.float32))
    # Numbers of about the size that trained ones have: of both kinds the block begins with its scales in f16.
    scale = numpy.float16(2e-3 if quantization == "Q4_0" else 3e-5).tobytes()
    n_scales = 1 if quantization == "Q4_0" else 2
    for rows, columns in matrices.values():
        blocks = random.integers(0, 256, (rows * columns // per_block, block_bytes), dtype=numpy.uint8)
        blocks[:, : 2 * n_scales] = numpy.frombuffer(scale * n_scales, numpy.uint8)
        writer.write_tensor_data(blocks.reshape(rows, -1))
    writer.close()
    return os.path.getsize(path) / 1e6


def quantized_shapes(worker, rounds, large):
    shapes = [("TinyLlama's shape in Q4_0", "Q4_0", (22, 2048, 5632, 32, 4, 32000), 11)]
    if large:
        shapes.append(("7 billion parameters in Q4_K", "Q4_K", (32, 4096, 11008, 32, 32, 32000), 16))
    for name, quantization, shape, layer in shapes:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.gguf")
            megabytes = random_blocks(path, quantization, *shape)
            opened = measured([worker, "open", "3", path])
            run = measured([worker, f"this-head:{layer}:64", "1", path])
            row = [f"{name}, {megabytes:.0f} MB", f"opens in {statistics.median(opened['wall_ms']):.0f} ms"]
            row.append(f"nine panels of layer {layer}, T = 64: {statistics.median(run['wall_ms']):.0f} ms, {run['cpu_ms']:.0f} of CPU")
            row.append(f"at most {run['peak_mb'] - megabytes:.0f} MB besides the file")
            print("; ".join(row), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("works", nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--rival")
    arguments = parser.parse_args()
    if arguments.rival:
        print(json.dumps(RIVALS[arguments.rival](arguments.works[0], arguments.rounds)))
        return
    worker, rounds, wanted = built(), arguments.rounds, arguments.works
    print("| work | here, ms (CPU) | rival | its ms (CPU) | ratio (CPU) | aim |\n| --- | --- | --- | --- | --- | --- |")
    for work, name, theirs, aim in PAIRS:
        if wanted and work not in wanted:
            continue
        once = 1 if work == "ships" else rounds
        before = measured([worker, work, str(once)])
        of_rival = rival(name, theirs, rounds)
        after = measured([worker, work, str(once)])
        ours = statistics.median(before["wall_ms"] + after["wall_ms"])
        ours_cpu = statistics.mean([before["cpu_ms"], after["cpu_ms"]])
        if of_rival is None:
            print(f"| {work} | {ours:.1f} ({ours_cpu:.0f}) | {name} | | | {aim:.2f} |", flush=True)
            continue
        its, its_cpu = statistics.median(of_rival["wall_ms"]), of_rival["cpu_ms"]
        # llama.cpp counts its work in wall time alone.
        cpu = f" ({ours_cpu / its_cpu:.2f})" if name == "torch" else ""
        its_cpu = f" ({its_cpu:.0f})" if name == "torch" else ""
        print(f"| {work} | {ours:.1f} ({ours_cpu:.0f}) | {name} | {its:.1f}{its_cpu} | {ours / its:.2f}{cpu} | {aim:.2f} |", flush=True)
    for work in ALONE:
        if not wanted or work in wanted:
            found = measured([worker, work, str(4 * rounds)])
            print(f"| {work} | {statistics.median(found['wall_ms']):.1f} ({found['cpu_ms']:.0f}) | | | | |", flush=True)
    if not wanted or "continue-small" in wanted:
        found = measured([worker, "continue:32:40", str(4 * rounds), os.path.join(ROOT, "assets/model")])
        print(f"| continue:32:40, small model | {statistics.median(found['wall_ms']):.1f} ({found['cpu_ms']:.0f}) | | | | |", flush=True)
    if not wanted or "quantized" in wanted:
        quantized_shapes(worker, rounds, arguments.large)


if __name__ == "__main__":
    main()
