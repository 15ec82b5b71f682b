"""One measurement, in a process of its own with fixed threads: a row of JSON on stdout.

``python -m benchmarks.case steps mlm mini float32 --threads 1``
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

import torch

from benchmarks.sizes import SIZES
from benchmarks.timing import compared, flops_of, gemm_peak, in_turn, resident_mb

CONTENDERS = ("lmcore", "equal", "default")


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=MEASURES)
    parser.add_argument("task")
    parser.add_argument("size", nargs="?", default="")
    parser.add_argument("dtype", nargs="?", default="float32")
    parser.add_argument("--contender", choices=CONTENDERS, default="lmcore")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    row = {name: getattr(options, name) for name in ("what", "task", "size", "dtype")}
    print(json.dumps(row | MEASURES[options.what](options)))


def steps(options: argparse.Namespace) -> dict:
    """A training step of all contenders, and which share of the GEMM peak ours reaches."""
    contenders = {name: _builder(name)(options) for name in CONTENDERS}
    peak = gemm_peak(getattr(torch, options.dtype))
    found = compared(in_turn(contenders, options.seconds))
    flops = flops_of(contenders["lmcore"])
    share = flops / (found["ms"]["lmcore"] / 1000) / peak
    return found | {"flops": flops, "gemm_peak": peak, "share_of_peak": share}


def memory(options: argparse.Namespace) -> dict:
    """What one contender's model and steps take at their highest, over what its imports took."""
    build = _builder(options.contender)
    before = resident_mb()
    step = build(options)
    for _ in range(3):
        step()
    return {"contender": options.contender, "peak_mb": resident_mb("VmHWM") - before}


def _builder(contender: str) -> Callable[[argparse.Namespace], Callable[[], float]]:
    """The contender's library imported, and what builds its step."""
    if contender == "lmcore":
        from benchmarks import ours

        return lambda o: ours.build_step(o.task, SIZES[o.size], getattr(torch, o.dtype))
    from benchmarks import theirs

    equal = contender == "equal"
    return lambda o: theirs.build_step(o.task, SIZES[o.size], getattr(torch, o.dtype), equal=equal)


def generation(options: argparse.Namespace) -> dict:
    """Greedy text through the cache: ours, theirs, and ours without one."""
    from transformers import GPT2Config, GPT2LMHeadModel

    from lmcore import CausalLM, generate

    size = SIZES[options.size]
    torch.manual_seed(0)
    ours = CausalLM(size.config(causal=True)).eval()
    config = GPT2Config(
        vocab_size=size.vocabulary, n_positions=size.length, n_embd=size.hidden,
        n_layer=size.layers, n_head=size.heads, bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    theirs, prompt, new = GPT2LMHeadModel(config).eval(), torch.tensor([[7]]), size.length - 1

    @torch.no_grad()
    def uncached() -> None:
        ids = prompt
        for _ in range(new):
            ids = torch.cat([ids, ours(ids)[:, -1:].argmax(-1)], 1)

    def by_them() -> None:
        real = torch.ones_like(prompt)
        theirs.generate(
            prompt, attention_mask=real, max_new_tokens=new, do_sample=False, pad_token_id=0
        )

    calls = {"lmcore": lambda: generate(ours, [7], new, temperature=0)}
    calls |= {"default": by_them, "uncached": uncached}
    found = compared(in_turn(calls, options.seconds))
    return found | {"tokens_per_s": new / found["ms"]["lmcore"] * 1000}


def tokenization(options: argparse.Namespace) -> dict:
    """Megabytes a second of a shipped tokenizer: all texts at once, and one by one."""
    from lmcore import Tokenizer
    from lmcore.data import load_wikipedia

    tokenizer = Tokenizer.load(options.task)
    texts = [document.text for document in load_wikipedia("validation")]
    size = sum(len(text.encode()) for text in texts) / 1e6
    calls = {
        "lmcore": lambda: tokenizer.encode_all(texts),
        "one by one": lambda: [tokenizer.encode(text) for text in texts],
    }
    found = compared(in_turn(calls, options.seconds))
    return found | {"mb_per_s": {name: size / ms * 1000 for name, ms in found["ms"].items()}}


MEASURES = {
    "steps": steps, "memory": memory, "generation": generation, "tokenization": tokenization,
}  # fmt: skip

if __name__ == "__main__":
    main()
