"""ELECTRA's widgets in a browser: four steps, by hand and by keyboard, as torch judges."""

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from widget_page import write_page

from lmcore import Electra, Tokenizer, preset
from lmcore.widgets import ElectraExplorer, ElectraStepper, PageModel

pytestmark = pytest.mark.web
TEXT = "The river runs through the capital of the country and into the sea."


@pytest.fixture(scope="module")
def pair():
    torch.manual_seed(0)
    model = Electra(preset("electra-mini"), preset("electra-mini-generator")).eval()
    for parameter in model.parameters():
        parameter.data = (3 * parameter.data).half().float()
    return model


@pytest.fixture(scope="module")
def widgets(pair):
    words = Tokenizer.load("wordpiece-2048")
    parts = [PageModel(name, getattr(pair, name), words) for name in ("generator", "discriminator")]
    rows = [
        {"width": w, "weight": x, "replaced": 0.5, "detected": 0.4, "false_alarms": 0.01,
         "generator": 2.0, "discriminator": 0.3, "probe": w / 100 + x / 1000}
        for w in (16, 32, 64) for x in (1, 50)
    ]  # fmt: skip
    return [
        ElectraStepper(*parts, TEXT, examples=["A short one."]),
        ElectraExplorer(rows, width=64),
    ]


def opened(visit, widgets, tmp_path, theme="light", **options):
    seen = visit(**options).open(write_page(tmp_path / "page.html", widgets, theme))
    for widget in widgets:
        seen.page.wait_for_selector(f"#host-{widget.model_id}[data-ready]", timeout=10_000)
    expect(seen.page.locator('[data-name="electra-stepper"] .lm-cards li').first).to_be_visible()
    return seen


@pytest.fixture
def page(visit, widgets, tmp_path):
    seen = opened(visit, widgets, tmp_path)
    yield seen.page
    assert not seen.errors


def widget(page, name):
    return page.locator(f'.lm-widget[data-name="{name}"]')


def test_four_steps_by_keyboard(page):
    stepper = widget(page, "electra-stepper")
    total = stepper.locator(".lm-cards li").count()
    assert "the discriminator will be asked about all" in stepper.locator("output").inner_text()
    stepper.locator('button[name="next"]').focus()
    page.keyboard.press("Enter")
    assert stepper.locator(".lm-masked").count() == round(0.15 * (total - 2))
    page.keyboard.press("Enter")
    drawn = stepper.locator(".lm-replaced, .lm-kept").count()
    assert drawn == round(0.15 * (total - 2))
    page.keyboard.press("Enter")
    judged = stepper.locator(".lm-cards li:not(.lm-special)")
    assert all("%" in text for text in judged.all_inner_texts())
    assert "counts in its loss" in stepper.locator("output").inner_text()
    pressed = stepper.locator('[aria-pressed="true"]')
    assert pressed.all_inner_texts() == ["4 Detected"]


def test_the_page_judges_as_torch_does(page, pair):
    stepper = widget(page, "electra-stepper")
    stepper.locator('button[name="step-4"]').click()
    cards = stepper.locator(".lm-cards li")
    words = Tokenizer.load("wordpiece-2048")
    ids = [words.id_of(text) for text in cards.locator("b").all_inner_texts()]
    with torch.no_grad():
        chances = pair({"input_ids": torch.tensor([ids])}).sigmoid()[0, 1:-1].tolist()
    said = [text.split()[-1].rstrip("%") for text in cards.locator("small").all_inner_texts()[1:-1]]
    assert [int(s) for s in said] == pytest.approx([100 * c for c in chances], abs=0.6)


def test_a_lower_threshold_suspects_more(page):
    stepper = widget(page, "electra-stepper")
    stepper.locator('button[name="step-4"]').click()
    suspected = stepper.locator(".lm-found, .lm-alarm")
    slider = stepper.locator('input[name="threshold"]')
    slider.focus()
    page.keyboard.press("End")
    few = suspected.count()
    page.keyboard.press("Home")
    assert suspected.count() > few
    assert "called replaced above 5%" in stepper.locator("label").all_inner_texts()[2].strip()


def test_another_text_another_seed_and_back(page):
    stepper = widget(page, "electra-stepper")
    stepper.locator("textarea").fill("<b>x</b> is [MASK]")
    page.wait_for_timeout(400)
    assert stepper.locator(".lm-cards b b").count() == 0
    markers = stepper.locator(".lm-special b").all_inner_texts()
    assert "[MASK]" not in markers  # a typed one is plain text
    stepper.get_by_role("button", name="Draw again").click()
    assert stepper.locator('input[name="seed"]').input_value() == "2"
    stepper.locator("textarea").fill("")
    expect(stepper.locator("output")).to_contain_text("Type a sentence")
    stepper.get_by_role("button", name="Reset").click()
    expect(stepper.locator("textarea")).to_have_value(TEXT)
    expect(stepper.locator("output")).to_contain_text("asked about all")


def test_the_explorer_opens_at_the_papers_choice_and_moves(page):
    explorer = widget(page, "electra-explorer")
    assert explorer.locator('[aria-pressed="true"]').get_attribute("data-point") == "16-50"
    explorer.locator('[data-point="64-1"]').click()
    assert (
        "A generator as wide as the discriminator, λ = 1" in explorer.locator("output").inner_text()
    )
    explorer.locator("select").select_option("replaced")
    assert explorer.locator('[data-point="64-1"]').inner_text() == "50%"
    explorer.get_by_role("button", name="Reset").click()
    assert explorer.locator('[aria-pressed="true"]').get_attribute("data-point") == "16-50"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_no_barrier_and_no_sideways_scroll(theme, width, visit, widgets, tmp_path):
    page = opened(visit, widgets, tmp_path, theme, viewport={"width": width, "height": 800}).page
    page.locator('button[name="step-4"]').click()
    found = Axe().run(page).response["violations"]
    assert not [(v["id"], v["nodes"]) for v in found if v["impact"] in ("serious", "critical")]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
