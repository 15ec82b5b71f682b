"""The judge of pairs in a browser: two verdicts, moved by hand and by keyboard, for everyone."""

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from widget_page import write_page

from lmcore import MaskedLM, Tokenizer, preset
from lmcore.objectives import PairPacking
from lmcore.widgets import OrderJudge, PageModel

pytestmark = pytest.mark.web

TOKENIZER = Tokenizer.of_wordpieces(["first", "boat", "wave", "last", "oven"])
EXAMPLES = {"in order": ("first boat", "last wave"), "another topic": ("first boat", "last oven")}


def albert(seed):
    torch.manual_seed(seed)
    config = preset("albert-mini").replace(
        vocab_size=len(TOKENIZER), context_length=16, hidden_size=32, feed_forward_size=64
    )
    model = MaskedLM(config, pair_head=True).eval()
    for parameter in model.parameters():
        parameter.data = parameter.data.half().float()
    return model


def opened(visit, tmp_path, theme="light", rival=True, **options):
    order = PageModel("albert", albert(0), TOKENIZER)
    other = PageModel("bert", albert(1), TOKENIZER) if rival else None
    widget = OrderJudge(order, EXAMPLES, next_model=other)
    seen = visit(**options).open(write_page(tmp_path / "page.html", [widget], theme))
    seen.page.wait_for_selector(f"#host-{widget.model_id}[data-ready]", timeout=10_000)
    return seen.page


def chance(model, first, second):
    packing = PairPacking(TOKENIZER.id_of("[CLS]"), TOKENIZER.id_of("[SEP]"), 16)
    batch = packing.batch([packing(*map(TOKENIZER.encode, (first, second)))])
    with torch.no_grad():
        return model.pair_logits(model.hidden(batch)).softmax(-1)[0, 0].item()


def said(page):
    return page.locator(".lm-widget svg").get_attribute("aria-label")


def test_it_says_what_torch_says_and_follows_the_reader(visit, tmp_path):
    page = opened(visit, tmp_path)
    first, second = EXAMPLES["in order"]
    for seed, name in enumerate(("sentence order", "next sentence")):
        assert f"{name}: {100 * chance(albert(seed), first, second):.0f}%" in said(page)
    page.get_by_role("button", name="another topic").click()
    assert f"sentence order: {100 * chance(albert(0), *EXAMPLES['another topic']):.0f}%" in said(
        page
    )
    page.locator('textarea[name="second"]').fill("")
    expect(page.locator("output")).to_have_text("Two texts are needed.")


def test_swapping_by_keyboard_turns_the_texts_around(visit, tmp_path):
    page = opened(visit, tmp_path)
    page.get_by_role("button", name="Swap A and B").focus()
    page.keyboard.press("Enter")
    assert page.locator('textarea[name="first"]').input_value() == "last wave"
    assert f"sentence order: {100 * chance(albert(0), 'last wave', 'first boat'):.0f}%" in said(
        page
    )
    page.get_by_role("button", name="Reset").click()
    assert page.locator('textarea[name="first"]').input_value() == "first boat"


def test_one_model_alone_has_one_bar(visit, tmp_path):
    page = opened(visit, tmp_path, rival=False)
    assert "next sentence" not in said(page)
    assert page.locator("output").inner_text().startswith("The sentence-order model")


def test_unknown_words_are_told(visit, tmp_path):
    page = opened(visit, tmp_path)
    page.locator('textarea[name="second"]').fill("last ship")
    expect(page.locator(".lm-note")).to_contain_text("1 of its tokens is not in the vocabulary")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_no_barrier_and_no_sideways_scroll(theme, width, visit, tmp_path):
    page = opened(visit, tmp_path, theme, viewport={"width": width, "height": 800})
    found = Axe().run(page).response["violations"]
    assert not [(v["id"], v["nodes"]) for v in found if v["impact"] in ("serious", "critical")]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
