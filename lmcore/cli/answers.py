"""``lmcore generate``, ``fill-mask`` and ``detect``: a trained model answers a text."""

from __future__ import annotations

import argparse

import torch

from lmcore.cli.models import load_with_tokenizer
from lmcore.encoders import Discriminator, MaskedLM
from lmcore.generate import generate
from lmcore.models import CausalLM
from lmcore.tokenizer import Tokenizer

CLS, SEP, MASK, END = "[CLS]", "[SEP]", "[MASK]", "<|endoftext|>"


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the three to the command line."""
    go_on = commands.add_parser("generate", help="let a causal model continue a text")
    go_on.add_argument("folder", metavar="DIR", help="a checkpoint with its tokenizer.json")
    go_on.add_argument("--prompt", required=True, help="the text to continue")
    go_on.add_argument("--tokens", type=int, default=50, help="how many at most (50)")
    go_on.add_argument("--temperature", type=float, default=1.0, help="0 is the likeliest (1.0)")
    go_on.add_argument("--top-k", type=int, help="draw among the k likeliest tokens only")
    go_on.add_argument("--seed", type=int, default=0, help="the same seed, the same text (0)")
    go_on.set_defaults(run=_generate)
    fill = commands.add_parser("fill-mask", help="let a masked language model fill the gaps")
    fill.add_argument("folder", metavar="DIR", help="a checkpoint with its tokenizer.json")
    fill.add_argument("--text", required=True, help=f"a text with {MASK} for each gap")
    fill.add_argument("--top-k", type=int, default=5, help="how many candidates a gap (5)")
    fill.set_defaults(run=_fill_mask)
    detect = commands.add_parser("detect", help="let a discriminator find replaced tokens")
    detect.add_argument("folder", metavar="DIR", help="a checkpoint with its tokenizer.json")
    detect.add_argument("--text", required=True, help="the text to judge")
    detect.set_defaults(run=_detect)


def _generate(options: argparse.Namespace) -> int:
    if options.tokens < 1:
        raise ValueError(f"--tokens {options.tokens} is not allowed: at least 1")
    model, tokenizer = load_with_tokenizer(options.folder, CausalLM, "generate")
    prompt = tokenizer.encode(options.prompt)
    new = generate(
        model,
        prompt,
        options.tokens,
        temperature=options.temperature,
        top_k=options.top_k,
        stop=tokenizer.special_ids.get(END),
        seed=options.seed,
    )
    print(tokenizer.decode([*prompt, *new]))
    return 0


def _marked(text: str, tokenizer: Tokenizer) -> list[int]:
    """``[CLS] text [SEP]``, where each ``[MASK]`` written in the text is the special token."""
    ids = [tokenizer.id_of(CLS)]
    for number, piece in enumerate(text.split(MASK)):
        ids += [tokenizer.id_of(MASK)] if number else []
        ids += tokenizer.encode(piece)
    return [*ids, tokenizer.id_of(SEP)]


@torch.no_grad()
def _fill_mask(options: argparse.Namespace) -> int:
    if MASK not in options.text:
        raise ValueError(f"--text has no {MASK}: write one for each gap")
    if options.top_k < 1:
        raise ValueError(f"--top-k {options.top_k} is not allowed: at least 1")
    model, tokenizer = load_with_tokenizer(options.folder, MaskedLM, "fill-mask")
    ids = torch.tensor([_marked(options.text, tokenizer)])
    logits = model({"input_ids": ids})[ids == tokenizer.id_of(MASK)]  # (gaps, V)
    known = logits[:, : tokenizer.vocab_size]  # a table may have more rows than there are tokens
    shares = known.softmax(-1).topk(min(options.top_k, known.shape[-1]))
    for number, (values, tokens) in enumerate(zip(shares.values, shares.indices, strict=True), 1):
        print(f"{MASK} {number}")
        for value, token in zip(values.tolist(), tokens.tolist(), strict=True):
            print(f"  {value:.4f}  {tokenizer.decode([token])}")
    return 0


@torch.no_grad()
def _detect(options: argparse.Namespace) -> int:
    model, tokenizer = load_with_tokenizer(options.folder, Discriminator, "detect")
    ids = _marked(options.text, tokenizer)
    if len(ids) == 2:
        raise ValueError("--text is empty: there is no token to judge")
    judged = model({"input_ids": torch.tensor([ids])}).sigmoid()[0, 1:-1].tolist()
    for share, token in zip(judged, ids[1:-1], strict=True):
        print(f"{'*' if share > 0.5 else ' '} {share:.4f}  {tokenizer.decode([token])}")
    print(f"{sum(share > 0.5 for share in judged)} of {len(judged)} tokens look replaced")
    return 0
