"""A run in progress: how far, how well, how long still, and a button that ends it."""

from __future__ import annotations

import time

import traitlets

from lmcore.widgets.base import BookWidget, compose

SECONDS_BETWEEN_UPDATES = 0.25


class TrainingMonitor(BookWidget):
    """A progress bar and a curve that grows, for ``train(..., monitor=...)``.

    ``baselines`` maps a name to a level drawn as a dashed line; ``unit`` names the curve's axis.
    The button sets ``stop_requested``, which the training loop reads.
    """

    _esm = compose("training_monitor.js")
    total = traitlets.Int().tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    points = traitlets.List().tag(sync=True)
    validation = traitlets.List().tag(sync=True)
    baselines = traitlets.List().tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
    line = traitlets.Unicode().tag(sync=True)
    stop_requested = traitlets.Bool(False).tag(sync=True)
    finished = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        total: int,
        *,
        unit: str = "loss, nats a token",
        baselines: dict[str, float] | None = None,
    ) -> None:
        levels = [{"label": label, "value": value} for label, value in (baselines or {}).items()]
        super().__init__(total=total, unit=unit, baselines=levels)
        # ipykernel 7.4 hands a page's message to the shell that spoke last on its comm: here the
        # one that trains, and so hears nothing. The stop goes to the shell that the page chose.
        self.comm._reply_subshell_for = lambda data, chosen: chosen
        self._waiting: list[list[float]] = []
        self._sent = 0.0

    def update(self, step: int, loss: float, tokens_per_second: float, seconds_left: float) -> None:
        """Note a step; what is noted goes to the page a few times a second."""
        self._waiting.append([step, round(loss, 4)])
        due = time.monotonic() - self._sent >= SECONDS_BETWEEN_UPDATES
        if due or step == self.total:
            pace = f"{tokens_per_second:,.0f} tokens/s · {seconds_left:.0f} s left"
            self._flush(f"loss {loss:.3f} · {pace}")

    def validate(self, step: int, loss: float) -> None:
        """Note a value on held-out text."""
        self.validation = [*self.validation, [step, round(loss, 4)]]

    def finish(self, stopped: bool) -> None:
        """The run is over, by itself or by request."""
        self._flush("Stopped on request; what was learned is kept." if stopped else "")
        self.finished = True

    def _flush(self, line: str) -> None:
        with self.hold_sync():
            if self._waiting:
                self.points = thin([*self.points, *self._waiting])
                self.step = self._waiting[-1][0]
            self.line = line
        self._waiting.clear()
        self._sent = time.monotonic()


def thin(points: list, most: int = 200) -> list:
    """Every other point, as often as it takes to have at most ``most``; the last one stays."""
    while len(points) > most:
        points = [*points[:-1:2], points[-1]]
    return points
