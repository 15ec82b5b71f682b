"""The command line. Exit codes: 0 done, 1 a check failed, 2 unusable input (one line says why)."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from lmcore.config import PRESETS, preset
from lmcore.ledger import ledger


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (ValueError, OSError) as error:
        print(f"lmcore {options.command}: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lmcore", description="One Transformer, seven papers: models that you can count."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    presets = commands.add_parser("presets", help="list the models known by name")
    presets.set_defaults(run=_presets)
    params = commands.add_parser(
        "params", help="count a model's parameters, part by part, without building it in memory"
    )
    params.add_argument("preset", help="a name that `lmcore presets` lists")
    params.add_argument("--json", action="store_true", help="the same as one JSON object")
    params.set_defaults(run=_params)
    return parser


def _presets(options: argparse.Namespace) -> int:
    for name in PRESETS:
        config = preset(name)
        print(
            f"{name:24} {config.num_layers:3} layers  {config.hidden_size:6} wide  "
            f"{config.num_heads:3} heads  vocabulary {config.vocab_size:6}  "
            f"context {config.context_length}"
        )
    return 0


def _params(options: argparse.Namespace) -> int:
    rows = ledger(preset(options.preset))
    total = sum(row.parameters for row in rows)
    if options.json:
        parts = [asdict(row) for row in rows]
        print(json.dumps({"preset": options.preset, "parts": parts, "total": total}, indent=1))
        return 0
    for row in rows:
        print(f"{row.part:22} {row.formula:26} {row.parameters:16,}")
    print(f"total {total}")
    return 0
