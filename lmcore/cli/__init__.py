"""The command line. Exit codes: 0 done, 1 a check failed, 2 unusable input (one line says why)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from lmcore.cli import answers, checkpoints, counting, training


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (ValueError, OSError) as error:
        print(f"lmcore {options.command}: {error}", file=sys.stderr)
        return 2
    except FloatingPointError as error:  # the input was usable, the run failed
        print(f"lmcore {options.command}: {error}", file=sys.stderr)
        return 1


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, where argparse would print its usage too."""
        self.exit(2, f"{self.prog}: {message} (--help says more)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="lmcore",
        description="One Transformer, seven papers: count it, compare it, let it answer.",
        epilog="DIR is a checkpoint of lmcore, a folder that transformers wrote, or a name on the "
        "Hugging Face hub.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for room in (counting, training, checkpoints, answers):
        room.add_commands(commands)
    return parser
