"""``lmcore presets`` and ``lmcore params``: the sizes of the papers' models."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from lmcore.cli.models import read_any_config
from lmcore.config import Config
from lmcore.ledger import ledger
from lmcore.presets import PRESETS, preset


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add both to the command line."""
    presets = commands.add_parser("presets", help="list the models known by name")
    presets.set_defaults(run=_presets)
    params = commands.add_parser(
        "params", help="count a model's parameters, part by part, without building it in memory"
    )
    params.add_argument("preset", help="a name that `lmcore presets` lists, or a checkpoint's DIR")
    params.add_argument("--json", action="store_true", help="the same as one JSON object")
    params.set_defaults(run=_params)


def _presets(options: argparse.Namespace) -> int:
    for name in PRESETS:
        config = preset(name)
        print(
            f"{name:24} {config.num_layers:3} layers  {config.hidden_size:6} wide  "
            f"{config.num_heads:3} heads  vocabulary {config.vocab_size:6}  "
            f"context {config.context_length}"
        )
    return 0


def _config(name: str) -> Config:
    if name not in PRESETS and Path(name).is_dir():
        return read_any_config(Path(name))
    return preset(name)


def _params(options: argparse.Namespace) -> int:
    rows = ledger(_config(options.preset))
    total = sum(row.parameters for row in rows)
    if options.json:
        parts = [asdict(row) for row in rows]
        print(json.dumps({"preset": options.preset, "parts": parts, "total": total}, indent=1))
        return 0
    for row in rows:
        print(f"{row.part:22} {row.formula:26} {row.parameters:16,}")
    print(f"total {total}")
    return 0
