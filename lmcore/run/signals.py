"""Ctrl-C and the polite kill, heard between two steps."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

SAME_WORD = 1.0  # seconds: torchrun hands on the Ctrl-C that the terminal has sent to all already


@contextmanager
def stop_signals() -> Iterator[list[float]]:
    """A list that a first Ctrl-C or polite kill fills, so that no step is torn; a second one acts
    at once."""
    asked: list[float] = []

    def ask(number: int, frame: object) -> None:
        if asked and time.monotonic() - asked[0] > SAME_WORD:
            raise KeyboardInterrupt
        asked.append(time.monotonic())

    if threading.current_thread() is not threading.main_thread():  # handlers live there alone
        yield asked
        return
    old = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
