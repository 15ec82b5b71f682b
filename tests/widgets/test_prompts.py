"""The prompt builder answers as torch does, and the calculator counts as its Python twin."""

import base64
import random
from dataclasses import astuple

import pytest
import torch
from node import needs_node, run, script

from lmcore import CausalLM, Tokenizer, preset
from lmcore.objectives import InContextTasks
from lmcore.widgets import ComputeCalculator, PageModel, PromptBuilder, pack_model
from lmcore.widgets.compute_calculator import training_cost
from lmcore.widgets.page_model import MODEL_SCRIPTS

WORDS = Tokenizer.of_words(["\n", "dax", "wug", "toma", "red", "blue", "gray"])
KEYS, TASKS = [1, 2, 3], {"one": [4, 5, 6], "other": [6, 5, 4]}


def tiny_model():
    torch.manual_seed(0)
    config = preset("gpt3-mini").replace(vocab_size=7, context_length=12)
    model = CausalLM(config).eval()
    for parameter in model.parameters():
        parameter.data = parameter.data.half().float()  # what fp16 holds exactly
    return model


@needs_node
@pytest.mark.parametrize("lines", [0, 1, 3])
def test_answers_at_every_number_of_examples_are_torchs(lines, tmp_path):
    model = tiny_model()
    manifest, payload = pack_model(model, "float16")
    tasks = InContextTasks(torch.tensor(KEYS), torch.tensor([TASKS["one"]]), 0, repeat=True)
    ids = tasks.batches(1, lines + 1, seed=0)[0]["input_ids"][0].tolist()
    code = """
    const payload = Buffer.from(given.payload, "base64");
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    const model = openTransformer(given.manifest.config, unpack(given.manifest, view));
    say(answers(model, given.lines, 0, given.question).map((p) => [...p]));
    """
    shown = [ids[3 * k : 3 * k + 2] for k in range(lines)]
    found = run(
        tmp_path,
        ["dom.js", *MODEL_SCRIPTS, "sampling.js"],
        script("prompt_builder.js") + code,
        payload=base64.b64encode(payload).decode(), manifest=manifest, lines=shown,
        question=2,
    )  # fmt: skip
    for k, probabilities in enumerate(found):
        with torch.no_grad():
            expected = model(torch.tensor([[*ids[: 3 * k], 2]]))[0, -1].softmax(-1)
        torch.testing.assert_close(torch.tensor(probabilities), expected, atol=1e-5, rtol=0)
    assert len(found) == lines + 1


@needs_node
def test_examples_never_show_the_question_unless_they_may(tmp_path):
    code = script("prompt_builder.js") + """
    const keys = [3, 5, 7, 9, 11];
    say([1, 2, 3].map((seed) => (
      { once: order(keys, 7, false, 4, seed), again: order(keys, 7, true, 40, seed) })));
    """  # fmt: skip
    found = run(tmp_path, ["dom.js", "sampling.js"], code)
    for one in found:
        assert sorted(one["once"]) == [0, 1, 3, 4]  # all but the question, each once
        assert set(one["again"]) == {0, 1, 2, 3, 4}
    assert len({tuple(one["again"]) for one in found}) == 3


def test_the_prompt_builder_refuses_what_does_not_fit():
    page_model = PageModel("tiny", tiny_model(), WORDS)
    good = dict(line_end=0, most=2)
    widget = PromptBuilder(page_model, KEYS, TASKS, **good)
    assert widget.question == 1
    assert [task["name"] for task in widget.tasks] == ["one", "other"]
    for change, said in [
        (dict(most=4, repeat=True), "exceed a context of 12"),
        (dict(most=3), "need 4 keys"),
        (dict(examples=3), "from 0 to 2"),
        (dict(question=6), "none of the keys"),
    ]:
        with pytest.raises(ValueError, match=said):
            PromptBuilder(page_model, KEYS, TASKS, **(good | change))
    with pytest.raises(ValueError, match="'one' has 2 values for 3 keys"):
        PromptBuilder(page_model, KEYS, {"one": [4, 5]}, **good)


@needs_node
def test_the_calculator_counts_as_python(tmp_path):
    draw = random.Random(0)
    cases = [
        dict(
            parameters=10 ** draw.uniform(2, 13), tokens=10 ** draw.uniform(2, 14),
            peak_tflops=draw.uniform(1, 3000), gpus=draw.randint(1, 10**5),
            utilization=draw.uniform(0.01, 1), price=draw.uniform(0, 10),
        )
        for _ in range(50)
    ]  # fmt: skip
    code = script("compute_calculator.js") + "say(given.cases.map(trainingCost));"
    found = run(tmp_path, ["dom.js"], code, cases=cases)
    for case, cost in zip(cases, found, strict=True):
        expected = astuple(training_cost(**case))
        assert [
            cost[k] for k in ("flop", "pfDays", "days", "gpuHours", "dollars")
        ] == pytest.approx(expected)


@needs_node
def test_the_calculators_words(tmp_path):
    code = script("compute_calculator.js") + """
    say({ large: scientific(3.14e23), small: scientific(0.00123),
      times: [800, 3, .1, 1 / 1440 * 3, 1e-6].map(duration),
      money: [0.001, 12.5, 4.6e6, 2e9].map(money) });
    """  # fmt: skip
    found = run(tmp_path, ["dom.js"], code)
    assert (found["large"], found["small"]) == ("3.14 × 10²³", "1.23 × 10⁻³")
    assert found["times"] == [
        "2.19 years", "3 days", "2.4 hours", "3 minutes", "0.0864 seconds",
    ]  # fmt: skip
    assert found["money"] == ["less than a cent", "$12.50", "$4.6 million", "$2 billion"]


def test_the_calculator_opens_at_the_papers_run():
    cost = training_cost(174.6e9, 300e9)
    assert cost.flop == pytest.approx(3.14e23, rel=0.005)  # table D.1
    assert cost.pf_days == pytest.approx(3640, rel=0.005)
    widget = ComputeCalculator(runs={"mine": (1e6, 1e7)})
    assert (widget.parameters, widget.tokens) == (174_604_259_328, 300e9)
    assert [run["name"] for run in widget.runs] == ["GPT-3 175B", "GPT-3 13B", "mine"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (dict(tokens=0), "tokens 0 is not allowed: above 0"),
        (dict(parameters=float("nan")), "parameters nan is not allowed"),
        (dict(utilization=1.2), "at most 1"),
        (dict(price=-1), "0 or more"),
    ],
)
def test_a_run_that_is_none_is_refused(change, said):
    with pytest.raises(ValueError, match=said):
        training_cost(**(dict(parameters=1e9, tokens=1e9) | change))
    with pytest.raises(ValueError, match="tokens"):
        ComputeCalculator(runs={"nothing": (1e9, 0)})
