"""BERT's widgets in a browser: right numbers, moved by hand and by keyboard, for everyone."""

from itertools import chain

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from widget_page import write_page

from lmcore import MaskedLM, Tokenizer, preset
from lmcore.widgets import (
    AttentionExplorer,
    InputComposer,
    MaskFiller,
    MaskingLab,
    PageModel,
    SpanPicker,
)

pytestmark = pytest.mark.web

PASSAGE = [" The", " Spree", " joins", " the", " Havel", " at", " Spand", "au", "."]
EXAMPLES = [
    {
        "question": "Where does the Spree end?", "tokens": PASSAGE, "answer": "Spandau",
        "starts": [0, 0, 0, 1, 2, 1, 6, 0, -2], "ends": [0, 0, 0, 0, 3, 0, 1, 5, 2],
        "null_score": 4.0,
    },
    {
        "question": "Who sailed it first?", "tokens": PASSAGE, "answer": None,
        "starts": [0, 1, 0, 0, 1, 0, 0, 0, 0], "ends": [0, 1, 0, 0, 2, 0, 0, 0, 0],
        "null_score": 5.0,
    },
]  # fmt: skip
TEXT = "Paris is the [MASK] of France, and the river [MASK] through it."


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    model = MaskedLM(preset("bert-mini")).eval()
    for parameter in model.parameters():
        parameter.data = parameter.data.half().float()
    return model


@pytest.fixture(scope="module")
def widgets(model):
    tokenizer = Tokenizer.load("wordpiece-2048")
    page_model = PageModel("bert-mini", model, tokenizer)
    return [
        MaskingLab(tokenizer, "Berlin is the capital of Germany, and the Spree runs through it."),
        InputComposer(tokenizer, "Where does it end?", "The Spree ends at Spandau."),
        SpanPicker(EXAMPLES, threshold=6.98),
        MaskFiller(page_model, TEXT, examples=["The capital of [MASK] is Berlin."]),
        AttentionExplorer(page_model, "Paris is the [MASK] of France.", layer=2, head=3),
    ]


def opened(visit, widgets, tmp_path, theme="light", **options):
    seen = visit(**options).open(write_page(tmp_path / "page.html", widgets, theme))
    for widget in widgets:
        seen.page.wait_for_selector(f"#host-{widget.model_id}[data-ready]", timeout=10_000)
    return seen


@pytest.fixture
def page(visit, widgets, tmp_path):
    seen = opened(visit, widgets, tmp_path)
    yield seen.page
    assert not seen.errors


def widget(page, name):
    return page.locator(f'.lm-widget[data-name="{name}"]')


def test_the_lab_shows_every_fate_and_draws_again(page):
    lab = widget(page, "masking-lab")
    chosen = lab.locator(".lm-masked, .lm-replaced, .lm-kept")
    total = lab.locator(".lm-cards li").count() - 2
    assert chosen.count() == round(0.15 * total)
    assert lab.locator(".lm-special").all_inner_texts() == [
        "[CLS]\nnever chosen", "[SEP]\nnever chosen",
    ]  # fmt: skip
    before = lab.locator(".lm-cards").inner_text()
    lab.get_by_role("button", name="Draw again").click()
    assert lab.locator('input[name="seed"]').input_value() == "2"
    assert lab.locator(".lm-cards").inner_text() != before
    lab.locator('input[name="seed"]').fill("1")
    assert lab.locator(".lm-cards").inner_text() == before
    lab.locator('input[name="rate"]').focus()
    for _ in range(45):
        page.keyboard.press("ArrowRight")
    assert chosen.count() == round(0.6 * total)
    assert "to go by" in lab.locator("output").inner_text()


def test_a_readers_marker_is_plain_text_in_the_lab(page):
    lab = widget(page, "masking-lab")
    lab.locator("textarea").fill("<b>x</b> [SEP] [MASK]")
    page.wait_for_timeout(200)
    markers = lab.locator(".lm-special b").all_inner_texts()
    assert (markers.count("[CLS]"), markers.count("[SEP]"), markers.count("[MASK]")) == (1, 1, 0)
    assert lab.locator(".lm-cards b b").count() == 0


def test_the_composer_follows_both_texts(page):
    composer = widget(page, "input-composer")
    assert "of 128 tokens are used: 3 markers" in composer.locator("output").inner_text()
    last = composer.locator(".lm-cards li").last
    assert "[SEP]\ntoken 3\n+ segment B" in last.inner_text()
    composer.get_by_role("button", name="A alone").click()
    assert "+ segment A" in composer.locator(".lm-cards li").last.inner_text()
    composer.locator('input[name="length"]').fill("8")
    assert composer.locator(".lm-cards li").count() <= 8
    composer.locator('input[name="length"]').fill("3")
    assert "from 8 to 512" in composer.get_by_role("alert").inner_text()
    composer.get_by_role("button", name="Reset").click()
    assert not composer.get_by_role("alert").is_visible()


def test_the_threshold_withholds_a_span(page):
    picker = widget(page, "span-picker")
    assert picker.locator(".lm-large").inner_text() == "“Spandau”"
    assert picker.locator(".lm-best").all_inner_texts() == ["Spand", "au"]
    assert "a margin of 7.00, above the threshold of 6.98" in picker.locator("output").inner_text()
    slider = picker.locator('input[name="threshold"]')
    slider.focus()
    page.keyboard.press("End")
    assert picker.locator(".lm-large").inner_text() == "No answer"
    assert "✗ Wrong: the passage says “Spandau”" in picker.locator("output").inner_text()
    picker.locator("select").select_option("1")
    assert "✓ Right: the passage does not say" in picker.locator("output").inner_text()
    picker.get_by_role("button", name="Reset").click()
    assert picker.locator(".lm-large").inner_text() == "“Spandau”"


def likeliest(model, text):
    """By torch: for each gap the five likeliest tokens, as written in the vocabulary."""
    tokenizer = Tokenizer.load("wordpiece-2048")
    cls, sep, mask = (tokenizer.id_of(name) for name in ("[CLS]", "[SEP]", "[MASK]"))
    ids = [cls]
    for i, part in enumerate(text.split("[MASK]")):
        ids += ([mask] if i else []) + tokenizer.encode(part)
    with torch.no_grad():
        logits = model({"input_ids": torch.tensor([[*ids, sep]])})[0]
    return [
        [tokenizer.token_of(t) for t in logits[at].topk(5).indices.tolist()]
        for at, i in enumerate(ids)
        if i == mask
    ]


def test_the_gaps_are_filled_as_torch_fills_them(page, model):
    filler = widget(page, "mask-filler")
    names = filler.locator('svg text[text-anchor="end"]')
    assert names.all_text_contents() == [*chain(*likeliest(model, TEXT))]
    assert "Each gap is filled by itself" in filler.locator("output").inner_text()
    typed = "Where is <i>Berlin</i>? In [MASK]"
    filler.locator("textarea").fill(typed)
    page.wait_for_timeout(400)
    assert names.all_text_contents() == likeliest(model, typed)[0]
    filler.locator("textarea").fill("no gap")
    page.wait_for_timeout(300)
    assert "Write [MASK]" in filler.locator("output").inner_text()
    assert filler.locator("svg").count() == 0
    filler.get_by_role("button", name="Insert [MASK]").click()
    page.wait_for_timeout(300)
    assert filler.locator("svg").count() == 1


def test_attention_sees_both_sides_and_the_markers(page):
    explorer = widget(page, "attention-explorer")
    assert explorer.locator('input[name="mask"]').count() == 0
    assert explorer.locator('rect[fill^="url(#lm-hatch"]').count() == 0
    tokens = explorer.locator(".lm-tokens button").all_inner_texts()
    assert tokens[0].startswith("[CLS]")
    assert tokens[-1].startswith("[SEP]")
    assert explorer.locator("output").inner_text().startswith("At “[MASK]”, head 3 of layer 2")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_no_barrier_and_no_sideways_scroll(theme, width, visit, widgets, tmp_path):
    size = {"width": width, "height": 800}
    page = opened(visit, widgets, tmp_path, theme, viewport=size).page
    found = Axe().run(page).response["violations"]
    assert not [(v["id"], v["nodes"]) for v in found if v["impact"] in ("serious", "critical")]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_answers_come_within_a_tenth_of_a_second(page):
    """From a change to the new outcome, in the browser's own clock, at a full text."""
    widget(page, "masking-lab").locator("textarea").fill("word " * 200)
    page.wait_for_timeout(500)
    controls = {"masking-lab": "seed", "input-composer": "length", "span-picker": "threshold"}
    took = page.evaluate(
        """(controls) => Object.entries(controls).map(([name, control]) => {
          const input = document.querySelector(`[data-name=${name}] [name=${control}]`);
          const begin = performance.now();
          input.dispatchEvent(new Event("input"));
          return performance.now() - begin;
        })""",
        controls,
    )
    assert max(took) < 100, dict(zip(controls, took, strict=True))
