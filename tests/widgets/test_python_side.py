"""What widgets promise to Python: the numbers they open at, and one line for bad input."""

import pytest

from lmcore.widgets import ParameterLedger, Quiz, TrainingMonitor, pack_model
from lmcore.widgets.training_monitor import thin

OPTION = {"text": "yes", "correct": True, "reason": "because"}


def test_the_ledger_opens_at_gpt1():
    ledger = ParameterLedger()
    assert (ledger.V, ledger.C, ledger.L, ledger.H) == (40_478, 512, 12, 768)
    assert repr(ledger) == "ParameterLedger()"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([OPTION | {"correct": False}], "exactly one correct option"),
        ([OPTION, OPTION], "exactly one correct option"),
        ([OPTION, OPTION | {"correct": False, "reason": ""}], "has no reason"),
    ],
)
def test_a_quiz_needs_one_right_answer_and_all_reasons(options, message):
    with pytest.raises(ValueError, match=message):
        Quiz([{"question": "why?", "options": options}])


def test_the_monitor_keeps_the_whole_run_in_few_points():
    monitor = TrainingMonitor(total=3000)
    for step in range(10, 3001, 10):
        monitor.update(step, 5.0 - step / 1000, 1000.0, 1.0)
    monitor.finish(stopped=False)
    assert monitor.step == 3000
    assert monitor.points[0][0] == 10
    assert monitor.points[-1] == [3000, 2.0]
    assert len(monitor.points) <= 200
    assert monitor.finished


def test_thinning_keeps_first_and_last():
    points = thin([[i, i] for i in range(999)], most=100)
    assert (points[0], points[-1]) == ([0, 0], [998, 998])
    assert len(points) <= 100


def test_an_unknown_packing_is_refused():
    with pytest.raises(ValueError, match="dtype 'int4' is unknown"):
        pack_model(None, "int4")
