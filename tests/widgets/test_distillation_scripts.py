"""Chapter 7's widgets do what lmcore.distill does: maps of layers, soft targets."""

import pytest
import torch
from node import needs_node, run, script

from lmcore import MaskedLM, Tokenizer, preset
from lmcore.distill import layer_map, soft_target_loss, spread_layers
from lmcore.widgets import LayerMapping, MaskComparison, PageModel, SoftTargets

pytestmark = needs_node


def test_the_pages_maps_are_the_packages(tmp_path):
    """Every depth up to 24, every map."""
    code = script("layer_mapping.js") + """
    const found = [];
    for (let N = 1; N <= 24; N++) for (let M = 1; M <= N; M++)
      for (const kind of ["uniform", "top", "bottom", "spread"]) found.push(layerMap(kind, M, N));
    say(found);
    """  # fmt: skip
    found = iter(run(tmp_path, ["dom.js"], code))
    for n in range(1, 25):
        for m in range(1, n + 1):
            for kind in ("uniform", "top", "bottom"):
                assert next(found) == list(layer_map(kind, m, n))
            assert next(found) == [layer + 1 for layer in spread_layers(m, n)]


def test_a_map_in_words(tmp_path):
    code = script("layer_mapping.js") + "say(given.all.map(([k, l, n]) => reading(k, l, n)));"
    all_ = [
        ["uniform", [3, 6, 9, 12], 12], ["bottom", [1, 2], 4], ["custom", [4, 2], 4],
        ["spread", [1, 3, 5, 8, 10, 12], 12], ["uniform", [1, 2], 2],
    ]  # fmt: skip
    uniform, bottom, crossed, spread, whole = run(tmp_path, ["dom.js"], code, all=all_)
    assert "last layer is held to the teacher's last" in uniform
    assert "Layers 1, 2, 4, 5, 7, 8, 10 and 11 of the teacher have no pupil" in uniform
    assert "Nobody is held to the teacher's last layer" in bottom
    assert "turned around" in crossed
    assert "0, 2, 4, 7, 9, 11" in spread
    assert whole.endswith("Every layer of the teacher has a pupil.")


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 8.0])
def test_soft_targets_are_torchs(tmp_path, temperature):
    teacher, student = torch.randn(2, 1, 40, generator=torch.Generator().manual_seed(3)).unbind()
    code = script("soft_targets.js") + """
    const { T } = given, numbers = (name) => new Float32Array(given[name]);
    const [teacher, student] = [numbers("teacher"), numbers("student")];
    say([softTargetLoss(student, teacher, T), [...softened(teacher, T)], labelLoss(student, 5)]);
    """  # fmt: skip
    loss, soft, label = run(
        tmp_path, ["dom.js", "arithmetic.js", "sampling.js"], code,
        teacher=teacher[0].tolist(), student=student[0].tolist(), T=temperature,
    )  # fmt: skip
    assert loss == pytest.approx(soft_target_loss(student, teacher, temperature).item(), abs=1e-4)
    torch.testing.assert_close(torch.tensor(soft), (teacher[0] / temperature).softmax(-1))
    assert label == pytest.approx(-student[0].log_softmax(-1)[5].item(), abs=1e-4)


def test_a_temperature_in_words(tmp_path):
    code = script("soft_targets.js") + """
    const label = (id) => ["red", "green", "blue", "gold"][id];
    const view = { teacher: [4, 2, 0, 0], student: [1, 1, 0, 0], answer: 1, label };
    say(given.heats.map((T) => reading({ ...view, T })));
    """  # fmt: skip
    heats = [0.5, 1, 2, 8]
    cold, own, warm, hot = run(
        tmp_path, ["dom.js", "arithmetic.js", "sampling.js"], code, heats=heats
    )
    assert "“red”, has 98%" in cold
    assert "turn into a label" in cold
    assert "own opinion" in own
    assert "The word that stood there is “green”" in warm
    assert "weigh alike" in hot
    assert warm != hot


def test_the_comparison_in_words(tmp_path):
    code = script("mask_comparison.js") + """
    const label = (id) => ["red", "green", "blue", "gold", "gray", "pink"][id];
    const gap = (probabilities) => ({ probabilities, best: likeliest(probabilities, SHOWN) });
    const teacher = gap([.5, .2, .1, .1, .05, .05]), other = gap([.1, .6, .05, .1, .05, .1]);
    say([reading([teacher, teacher], label, [3, 2]), reading([teacher, other], label, [4, 2]),
      reading([teacher, teacher], label, null), median([3, 1, 2]), median([4, 1, 2, 3])]);
    """  # fmt: skip
    same, differ, early, odd, even = run(tmp_path, ["dom.js", "arithmetic.js", "sampling.js"], code)
    assert "Both say “red”" in same
    assert "1.5 times as fast, 33% less time" in same
    assert early.endswith("They share 5 of their 5 likeliest.")
    assert "the student “green” (60%), to which the teacher gives 20.0%" in differ
    assert (odd, even) == (2, 2.5)


def test_what_python_refuses():
    torch.manual_seed(0)
    tokenizer = Tokenizer.load("wordpiece-2048")
    one = PageModel("small", MaskedLM(preset("tinybert-mini")), tokenizer, dtype="int6")
    assert LayerMapping().layers == [3, 6, 9, 12]
    assert LayerMapping().presets[1]["layers"] == [1, 3, 5, 8, 10, 12]
    assert SoftTargets(one, one, [{"text": "a [MASK] b", "answer": "the"}]).temperature == 2.0
    with pytest.raises(ValueError, match="exactly one"):
        SoftTargets(one, one, [{"text": "no gap", "answer": "the"}])
    with pytest.raises(ValueError, match="no single token"):
        SoftTargets(one, one, [{"text": "a [MASK]", "answer": "unheardof"}])
    with pytest.raises(ValueError, match="at least one example"):
        SoftTargets(one, one, [])
    assert MaskComparison(one, one, "a [MASK]").text == "a [MASK]"
