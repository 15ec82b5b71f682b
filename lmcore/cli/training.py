"""``lmcore train``: a model from scratch, in a folder that survives a kill."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from lmcore.cli.objectives import OBJECTIVES, Setting
from lmcore.config import Config
from lmcore.data import (
    Document,
    TokenShards,
    load_state_of_the_union,
    load_text_file,
    load_wikipedia,
    open_shards,
)
from lmcore.presets import preset
from lmcore.recipe import Recipe
from lmcore.recipes import RECIPES
from lmcore.run import Run, train_in_folder
from lmcore.tokenizer import Tokenizer, shipped

CORPORA = {"wikipedia": load_wikipedia, "state-of-the-union": load_state_of_the_union}
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
Splits = dict[str, tuple[Document, ...]]


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add it to the command line."""
    train = commands.add_parser("train", help="train a model from scratch on a corpus or a text")
    train.add_argument("--preset", required=True, help="a name that `lmcore presets` lists")
    train.add_argument("--objective", required=True, choices=OBJECTIVES)
    corpora = ", ".join(CORPORA)
    train.add_argument(
        "--corpus", required=True, help=f"{corpora}, a UTF-8 text file, or a folder of lmcore shard"
    )
    train.add_argument("--steps", required=True, type=int)
    train.add_argument("--out", required=True, metavar="DIR", help="where the run lives")
    train.add_argument("--resume", action="store_true", help="go on where DIR has something")
    train.add_argument("--tokenizer", help="a shipped name or a JSON file (the preset's own size)")
    train.add_argument("--batch-size", type=int, default=16, help="texts a step (16)")
    train.add_argument("--length", type=int, help="tokens a text (the preset's context)")
    train.add_argument("--recipe", choices=RECIPES, default="book", help="how to optimize (book)")
    train.add_argument("--learning-rate", type=float, help="the peak (the recipe's)")
    train.add_argument("--warmup", type=float, help="share of the steps (the recipe's)")
    train.add_argument("--optimizer", choices=("adamw", "muon"), help="(the recipe's)")
    train.add_argument("--mask-rate", type=float, default=0.15, help="tokens to hide (0.15)")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--device", help="cuda, cpu, mps (a GPU where there is one)")
    train.add_argument("--dtype", choices=DTYPES, help="of the forward pass (bfloat16 on CUDA)")
    train.add_argument("--log-every", type=int, default=50, help="steps (50)")
    train.add_argument("--save-every", type=int, default=500, help="steps (500)")
    train.add_argument("--accumulate", type=int, default=1, help="pieces a batch is cut into (1)")
    train.add_argument(
        "--checkpoint-activations", action="store_true", help="compute them twice: less memory"
    )
    train.add_argument(
        "--fsdp", action="store_true", help="spread the model over the processes of torchrun"
    )
    train.set_defaults(run=_train)


def _train(options: argparse.Namespace) -> int:
    for name in ("steps", "batch_size", "log_every", "save_every", "accumulate"):
        if getattr(options, name) < 1:
            flag = name.replace("_", "-")
            raise ValueError(f"--{flag} {getattr(options, name)} is not allowed: at least 1")
    config = preset(options.preset)
    length = options.length or config.context_length
    if not 8 <= length <= config.context_length:
        raise ValueError(
            f"--length {length} is not allowed: from 8 to the preset's {config.context_length}"
        )
    texts, shards, tokenizer = _load(options, config)
    setting = Setting(
        config=config.replace(vocab_size=len(tokenizer)),
        tokenizer=tokenizer,
        texts=texts,
        shards=shards,
        length=length,
        batch_size=options.batch_size,
        mask_rate=options.mask_rate,
        seed=options.seed,
    )
    torch.manual_seed(options.seed)
    built = OBJECTIVES[options.objective](setting)
    run = Run(
        steps=options.steps,
        seed=options.seed,
        recipe=_recipe(options),
        about={
            name: getattr(options, name)
            for name in ("objective", "corpus", "batch_size", "mask_rate", "dtype")
        }
        | {"length": length},
        log_every=options.log_every,
        save_every=options.save_every,
        dtype=DTYPES.get(options.dtype),
        accumulate=options.accumulate,
        fsdp=options.fsdp,
        checkpoint_activations=options.checkpoint_activations,
    )
    ended = train_in_folder(
        built.model, built.batches, run, options.out, resume=options.resume,
        device=options.device, tokenizer=tokenizer, validate=built.validate, say=_say,
    )  # fmt: skip
    return 0 if ended else 1


def _recipe(options: argparse.Namespace) -> Recipe:
    """The named recipe, with what the command line says otherwise."""
    said = {name: getattr(options, name) for name in ("learning_rate", "warmup", "optimizer")}
    changes = {name: value for name, value in said.items() if value is not None}
    return RECIPES[options.recipe].replace(**changes)


def _say(line: str) -> None:
    print(line, flush=True)


def _own_tokenizer(name: str, config: Config) -> str:
    """The shipped tokenizer of a preset's kind and size."""
    kind = "bpe" if config.causal else "wordpiece"
    sizes = {260: "bytes", 50_257: "gpt2", 30_522: "bert-base-uncased"}
    found = sizes.get(config.vocab_size, f"{kind}-{config.vocab_size}")
    if found not in shipped():
        raise ValueError(
            f"no tokenizer of {config.vocab_size} tokens is shipped for {name}: give one by "
            f"--tokenizer ({', '.join(shipped())}, or a file)"
        )
    return found


def _load(
    options: argparse.Namespace, config: Config
) -> tuple[Splits, dict[str, TokenShards], Tokenizer]:
    """The corpus, as texts or as shards, and the tokenizer."""
    if Path(options.corpus).is_dir():
        shards, tokenizer, _ = open_shards(options.corpus)
        if options.tokenizer:
            raise ValueError("--tokenizer is settled already: shards bring their own")
        return {}, shards, tokenizer
    tokenizer = Tokenizer.load(options.tokenizer or _own_tokenizer(options.preset, config))
    return _load_texts(options.corpus), {}, tokenizer


def _load_texts(corpus: str) -> Splits:
    if corpus in CORPORA:
        return {split: CORPORA[corpus](split) for split in ("train", "validation")}
    try:
        return load_text_file(corpus)
    except ValueError as error:
        raise ValueError(f"{error}; the shipped corpora are {', '.join(CORPORA)}") from None
