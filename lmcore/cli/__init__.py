"""The command line. Exit codes: 0 done, 1 a check failed, 2 unusable input (one line says why)."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from lmcore.cli import answers, checkpoints, counting, sharding, training


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (ValueError, OSError) as error:
        code, reason = 2, str(error)
    except FloatingPointError as error:  # the input was usable, the run failed
        code, reason = 1, str(error)
    except KeyboardInterrupt:
        code, reason = 130, "interrupted"  # as a shell says it
    if os.environ.get("RANK", "0") == "0":  # under torchrun one process speaks for all
        print(f"lmcore {options.command}: {reason}", file=sys.stderr)
    return code


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
    for room in (counting, sharding, training, checkpoints, answers):
        room.add_commands(commands)
    return parser
