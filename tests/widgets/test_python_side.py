"""What widgets promise to Python: the numbers they open at, and one line for bad input."""

import pytest
import torch

import lmcore.widgets
from lmcore import CausalLM, Config, Tokenizer
from lmcore.widgets import (
    AttentionExplorer,
    PageModel,
    ParameterLedger,
    Quiz,
    TextGenerator,
    TrainingMonitor,
    pack_model,
)
from lmcore.widgets.training_monitor import thin

WIDGETS = [getattr(lmcore.widgets, name) for name in lmcore.widgets.__all__ if name[0].isupper()]
OPTION = {"text": "yes", "correct": True, "reason": "because"}


def test_the_ledger_opens_at_gpt1():
    ledger = ParameterLedger()
    assert (ledger.V, ledger.C, ledger.L, ledger.H, ledger.F) == (40_478, 512, 12, 768, 3072)
    assert repr(ledger) == "ParameterLedger()"
    with pytest.raises(ValueError, match="albert-base factorizes its table or shares layers"):
        ParameterLedger("albert-base")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([OPTION | {"correct": False}], "exactly one correct option"),
        ([OPTION, OPTION], "exactly one correct option"),
        ([OPTION, OPTION | {"correct": False, "reason": ""}], "has no reason"),
        ([OPTION, {"text": "no"}], "has no reason"),
        ([OPTION, {"reason": "so"}], "an option has no text"),
        ([], "needs both 'question' and 'options'"),
    ],
)
def test_a_quiz_needs_one_right_answer_and_all_reasons(options, message):
    with pytest.raises(ValueError, match=message):
        Quiz([{"question": "why?", "options": options}])


def test_a_quiz_without_questions_is_refused():
    with pytest.raises(ValueError, match="at least one question"):
        Quiz([])


def test_a_stopped_run_shows_all_it_did():
    monitor = TrainingMonitor(total=100, baselines={"unigram": 6.5})
    monitor.update(1, 6.0, 1000.0, 9.0)
    monitor.update(2, 5.0, 1000.0, 9.0)  # too soon after the first to be sent by itself
    assert monitor.step == 1
    monitor.validate(2, 5.5)
    monitor.finish(stopped=True)
    assert (monitor.step, monitor.points) == (2, [[1, 6.0], [2, 5.0]])
    assert monitor.validation == [[2, 5.5]]
    assert monitor.baselines == [{"label": "unigram", "value": 6.5}]
    assert "kept" in monitor.line


def small_page_model(causal_window=None):
    torch.manual_seed(0)
    config = Config(
        vocab_size=1024, context_length=8, hidden_size=8, num_layers=2, num_heads=2, causal=True,
        windows=(causal_window,),
    )  # fmt: skip
    return PageModel("small", CausalLM(config), Tokenizer.load("bpe-1024"))


def test_widgets_refer_to_one_model_and_refuse_heads_it_has_not():
    page_model = small_page_model()
    explorer = AttentionExplorer(page_model, "a text", layer=2, head=1)
    assert explorer.get_state()["page_model"] == f"IPY_MODEL_{page_model.model_id}"
    assert len(page_model.payload) == 2 * page_model.parameters
    assert TextGenerator(page_model, "a text").prompt == "a text"
    with pytest.raises(ValueError, match="layer 3 is not allowed: from 1 to 2"):
        AttentionExplorer(page_model, "a text", layer=3)
    with pytest.raises(ValueError, match="head 0 is not allowed: from 1 to 2"):
        AttentionExplorer(page_model, "a text", head=0)


def test_the_same_weights_wired_otherwise_are_another_model():
    first, second, third = small_page_model(), small_page_model(), small_page_model(3)
    assert first.payload == third.payload
    assert first.manifest["digest"] == second.manifest["digest"] != third.manifest["digest"]


@pytest.mark.parametrize("kind", WIDGETS)
def test_a_script_is_one_module_without_imports_or_network(kind):
    for forbidden in ("import ", "fetch(", "innerHTML", "http:", "https:"):
        assert forbidden not in kind._esm.replace("http://www.w3.org/2000/svg", "")
    assert kind._esm.count("export default") == 1
    assert "layout" not in kind.class_own_traits()


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
