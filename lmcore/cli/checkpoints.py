"""``lmcore parity`` and ``lmcore export``: to and from ``transformers``."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import tokenizers
from tokenizers.processors import TemplateProcessing

from lmcore.checkpoint import TOKENIZER
from lmcore.cli.models import load_any
from lmcore.electra import Electra
from lmcore.hf import export_hf, parity
from lmcore.hf.parity import TOLERANCE
from lmcore.writing import write_whole

TOKENIZER_CONFIG = "tokenizer_config.json"
_ROLES = {
    "unk_token": ("[UNK]", "<|endoftext|>"), "bos_token": ("<|endoftext|>",),
    "eos_token": ("<|endoftext|>",), "pad_token": ("[PAD]",), "cls_token": ("[CLS]",),
    "sep_token": ("[SEP]",), "mask_token": ("[MASK]",),
}  # fmt: skip


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add both to the command line."""
    compare = commands.add_parser(
        "parity",
        help="compare a transformers checkpoint's logits, loss and gradients with lmcore's",
    )
    compare.add_argument("folder", metavar="HF_DIR", help="a folder that transformers wrote")
    compare.add_argument("--revision", help="the hub's commit or tag, where HF_DIR is a name there")
    compare.set_defaults(run=_parity)
    export = commands.add_parser(
        "export", help="write a checkpoint for transformers (of ELECTRA's pair the discriminator)"
    )
    export.add_argument("source", metavar="DIR", help="the checkpoint")
    export.add_argument("target", metavar="HF_DIR", help="the folder to write")
    export.set_defaults(run=_export)


def _parity(options: argparse.Namespace) -> int:
    _quiet()
    found = parity(options.folder, revision=options.revision)
    print("largest differences from transformers on random padded batches, fp32")
    print(f"logits    {found.logits:.1e}")
    print(f"loss      {found.loss:.1e}")
    print(f"gradient  {found.gradient:.1e}  of {found.gradient_of or 'every parameter'}")
    print(f"parity {'holds' if found.holds else 'fails'}: the tolerance is {TOLERANCE:.0e}")
    return 0 if found.holds else 1


def _quiet() -> None:
    """Keep the reference's progress bars and reports off the terminal."""
    try:
        from transformers.utils import logging
    except ImportError:
        return  # parity says so in its own words
    logging.set_verbosity_error()
    logging.disable_progress_bar()


def _export(options: argparse.Namespace) -> int:
    model, folder = load_any(options.source)
    if isinstance(model, Electra):  # the generator is discarded behind pre-training (section 2)
        model = model.discriminator
    target = Path(options.target)
    if target.resolve() == folder.resolve():
        raise ValueError(f"{target} is the checkpoint itself: give another folder to write to")
    architecture = export_hf(model, target)
    if (folder / TOKENIZER).is_file():
        _export_tokenizer(folder, target, model.config.context_length)
    print(f"{target}: {architecture}")
    return 0


def _export_tokenizer(folder: Path, target: Path, context_length: int) -> None:
    """The tokenizer, and what ``transformers`` has to know of it: which token has which role,
    and that a text of BERT's kind stands between [CLS] and [SEP]."""
    if (folder / TOKENIZER_CONFIG).is_file():  # it came from transformers
        shutil.copyfile(folder / TOKENIZER, target / TOKENIZER)
        shutil.copyfile(folder / TOKENIZER_CONFIG, target / TOKENIZER_CONFIG)
        return
    backend = tokenizers.Tokenizer.from_file(str(folder / TOKENIZER))
    markers = [(token, backend.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
    if backend.post_processor is None and all(i is not None for _, i in markers):
        backend.post_processor = TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=markers
        )
    about = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": context_length}
    for role, candidates in _ROLES.items():
        known = [token for token in candidates if backend.token_to_id(token) is not None]
        about |= {role: known[0]} if known else {}
    write_whole(target / TOKENIZER, (backend.to_str() + "\n").encode())
    write_whole(target / TOKENIZER_CONFIG, (json.dumps(about, indent=1) + "\n").encode())
