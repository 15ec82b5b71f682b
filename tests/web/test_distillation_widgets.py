"""Chapter 7's widgets in a browser: right numbers, moved by hand and by keyboard, for everyone."""

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from widget_page import write_page

from lmcore import MaskedLM, Tokenizer, ledger, load_checkpoint, preset
from lmcore.checkpoint import shipped_checkpoint
from lmcore.distill import init_student, soft_target_loss
from lmcore.widgets import (
    LayerMapping,
    MaskComparison,
    PageModel,
    ParameterLedger,
    SoftTargets,
)

pytestmark = pytest.mark.web

TEXT = "Berlin is the capital and largest [MASK] of Germany."


@pytest.fixture(scope="module")
def models():
    torch.manual_seed(0)
    teacher = load_checkpoint(shipped_checkpoint("bert-mini"))
    student = MaskedLM(preset("distilbert-mini")).eval()
    init_student(student, teacher, (0, 2))
    for parameter in student.parameters():
        parameter.data = parameter.data.half().float()
    return teacher, student


@pytest.fixture(scope="module")
def widgets(models):
    tokenizer = Tokenizer.load("wordpiece-2048")
    teacher, student = (
        PageModel(name, model, tokenizer)
        for name, model in zip(("bert-mini", "distilbert-mini"), models, strict=True)
    )
    examples = [{"text": TEXT, "answer": "city"}, {"text": "A [MASK] is here.", "answer": "river"}]
    return [
        LayerMapping(),
        ParameterLedger("distilbert", "tinybert-4", "bert-base"),
        SoftTargets(teacher, student, examples),
        MaskComparison(teacher, student, TEXT, examples=["The [MASK] of France is Paris."]),
    ]


def opened(visit, widgets, tmp_path, theme="light", **options):
    seen = visit(**options).open(write_page(tmp_path / "page.html", widgets, theme))
    for widget in widgets:
        seen.page.wait_for_selector(f"#host-{widget.model_id}[data-ready]", timeout=20_000)
    return seen


@pytest.fixture
def page(visit, widgets, tmp_path):
    return opened(visit, widgets, tmp_path).page


def widget(page, name):
    return page.locator(f'.lm-widget[data-name="{name}"]')


def test_the_map_opens_at_tinyberts_and_draws_its_arrows(page):
    mapping = widget(page, "layer-mapping")
    assert mapping.locator(".lm-large").inner_text() == "g = (3, 6, 9, 12)"
    assert mapping.locator("svg path[marker-end]").count() == 5  # the embeddings too
    mapping.get_by_role("button", name="DistilBERT's start").click()
    assert "g = (1, 3, 5, 8, 10, 12)" in mapping.locator("output").inner_text()
    assert "0, 2, 4, 7, 9, 11" in mapping.locator("output").inner_text()
    mapping.get_by_role("button", name="Reset").click()
    assert "g = (3, 6, 9, 12)" in mapping.locator("output").inner_text()


def test_a_map_of_ones_own_and_a_depth_that_is_none(page):
    mapping = widget(page, "layer-mapping")
    mapping.locator('select[name="kind"]').select_option("top")
    assert "g = (9, 10, 11, 12)" in mapping.locator("output").inner_text()
    mapping.locator('select[name="layer-1"]').select_option("2")
    assert "g = (2, 10, 11, 12)" in mapping.locator("output").inner_text()
    assert mapping.locator('select[name="kind"]').input_value() == "custom"
    mapping.locator('input[name="student"]').fill("13")
    assert "1 ≤ M ≤ N" in mapping.get_by_role("alert").inner_text()
    assert "g = (2, 10, 11, 12)" in mapping.locator("output").inner_text()


def test_the_temperature_opens_at_distilberts_and_moves_by_keyboard(page, models):
    soft = widget(page, "soft-targets")
    assert soft.locator('input[name="temperature"]').input_value() == "2"
    tokenizer = Tokenizer.load("wordpiece-2048")
    before, after = TEXT.split("[MASK]")
    ids = [tokenizer.id_of("[CLS]"), *tokenizer.encode(before), tokenizer.id_of("[MASK]")]
    at, ids = len(ids) - 1, [*ids, *tokenizer.encode(after), tokenizer.id_of("[SEP]")]
    with torch.no_grad():
        theirs, mine = (m({"input_ids": torch.tensor([ids])})[:, at] for m in models)
    for heat in (2.0, 8.0, 1.0):
        soft.get_by_role("button", name=f"T = {heat:.0f}").click()
        share = (theirs / heat).softmax(-1)
        bits = -(share * share.log2()).sum().item()
        assert float(soft.locator(".lm-large").inner_text().split()[0]) == pytest.approx(
            bits, abs=0.1
        )
        loss = soft_target_loss(mine, theirs, heat).item()
        said = float(soft.locator("output").inner_text().split("cost the student ")[1].split()[0])
        assert said == pytest.approx(loss, rel=0.02)
    large = soft.locator(".lm-large").inner_text()
    soft.locator('input[name="temperature"]').focus()
    page.keyboard.press("ArrowRight")
    assert soft.locator(".lm-large").inner_text() != large
    soft.locator('select[name="sentence"]').select_option("1")
    assert "river" in soft.locator("output").inner_text()


def test_both_models_answer_and_are_timed(page):
    both = widget(page, "mask-comparison")
    expect(both.locator('svg text[text-anchor="end"]').first).to_have_text("city")
    expect(both.locator("output")).to_contain_text("times as fast")
    assert "1,107,714" in both.locator("tbody tr").first.inner_text()
    assert both.locator("tbody tr").last.inner_text().rstrip().endswith("ms")
    both.locator("textarea").fill("no gap here")
    expect(both.locator(".lm-note")).to_contain_text("Write [MASK]")
    both.get_by_role("button", name="Example 1").click()
    expect(both.locator("textarea")).to_have_value("The [MASK] of France is Paris.")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_no_barrier_and_no_sideways_scroll(theme, width, visit, widgets, tmp_path):
    seen = opened(visit, widgets, tmp_path, theme, viewport={"width": width, "height": 900})
    found = Axe().run(seen.page).response["violations"]
    assert not [(v["id"], v["nodes"]) for v in found if v["impact"] in ("serious", "critical")]
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    assert not seen.errors
    assert not seen.external("file://")


def shown(page):
    text = widget(page, "parameter-ledger").locator("output .lm-large").inner_text()
    return int(text.replace(",", ""))


def counted(config):
    return sum(row.parameters for row in ledger(config))


def test_the_ledger_counts_students_with_each_part_by_itself(page):
    own = widget(page, "parameter-ledger")
    assert shown(page) == counted(preset("distilbert")) == 66_362_880
    own.get_by_label("a pooler, as in BERT").check()
    assert shown(page) == counted(preset("distilbert").replace(pooler=True))
    own.get_by_label("two segments, as in BERT").check()
    with_both = preset("distilbert").replace(pooler=True, num_segments=2)
    assert shown(page) == counted(with_both)
    own.get_by_role("button", name="tinybert-4", exact=True).click()
    assert shown(page) == counted(preset("tinybert-4")) == 14_350_248
    assert own.locator('input[name="F"]').input_value() == "1200"


def test_the_feed_forward_width_follows_until_it_is_given(page):
    own = widget(page, "parameter-ledger")
    own.locator('input[name="H"]').fill("600")
    assert own.locator('input[name="F"]').input_value() == "2400"
    own.locator('input[name="F"]').fill("1200")
    own.locator('input[name="H"]').fill("768")
    assert own.locator('input[name="F"]').input_value() == "1200"
    config = preset("distilbert").replace(feed_forward_size=1200)
    assert shown(page) == counted(config)
