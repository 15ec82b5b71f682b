"""The factorization widget: 50,000 → 9,000, the break-even, the warning, ALBERT's own sizes."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from widget_page import write_page

from lmcore.widgets import AlbertFactorization

pytestmark = pytest.mark.web


def opened(visit, tmp_path, theme="light", **options):
    widget = AlbertFactorization()
    seen = visit(**options).open(write_page(tmp_path / "page.html", [widget], theme))
    seen.page.wait_for_selector(f"#host-{widget.model_id}[data-ready]", timeout=10_000)
    return seen.page


@pytest.fixture
def albert(visit, tmp_path):
    return opened(visit, tmp_path).locator('.lm-widget[data-name="albert-factorisation"]')


def said(albert):
    return albert.locator("output").inner_text()


def test_it_opens_at_the_notes_example(albert):
    values = [albert.locator(f'input[name="{key}"]').input_value() for key in "VHE"]
    assert values == ["100", "500", "15"]
    assert "50,000 → 9,000" in said(albert)
    assert "1,500 + 7,500" in said(albert)
    assert "V·H / (V + H) = 83.3" in said(albert)
    assert not albert.locator(".lm-warning").is_visible()


def test_dimension_ten_gives_six_thousand(albert):
    albert.locator('input[name="E"]').fill("10")
    assert "50,000 → 6,000" in said(albert)


@pytest.mark.parametrize(("E", "warned"), [(83, False), (84, True)])
def test_it_warns_beyond_the_break_even(albert, E, warned):
    albert.locator('input[name="E"]').fill(str(E))
    warning = albert.locator(".lm-warning")
    assert warning.is_visible() == warned
    if warned:
        assert f"{600 * E - 50_000} parameters are added" in warning.inner_text()


def test_the_real_models_are_a_click_away(albert):
    albert.get_by_role("button", name="albert-xxlarge").click()
    assert "122,880,000 → 4,364,288" in said(albert)
    albert.get_by_role("button", name="Reset").click()
    assert "50,000 → 9,000" in said(albert)


def test_the_matrices_are_drawn_to_scale(albert):
    shapes = albert.locator("svg rect").all()
    areas = [float(r.get_attribute("width")) * float(r.get_attribute("height")) for r in shapes]
    assert areas[1] / areas[0] == pytest.approx(1_500 / 50_000, rel=0.001)
    assert areas[2] / areas[0] == pytest.approx(7_500 / 50_000, rel=0.001)


def test_a_bad_number_keeps_the_last_good_outcome(albert):
    albert.locator('input[name="E"]').fill("0")
    assert "from 1 to" in albert.get_by_role("alert").inner_text()
    assert "50,000 → 9,000" in said(albert)


def test_it_is_moved_by_keyboard(albert):
    albert.locator('input[name="E"]').focus()
    albert.page.keyboard.press("ArrowUp")
    assert "50,000 → 9,600" in said(albert)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_no_barrier_and_no_sideways_scroll(theme, width, visit, tmp_path):
    page = opened(visit, tmp_path, theme, viewport={"width": width, "height": 800})
    for name in ("the notes' example", "albert-xxlarge"):
        page.get_by_role("button", name=name).click()
        found = Axe().run(page).response["violations"]
        assert not [(v["id"], v["nodes"]) for v in found if v["impact"] in ("serious", "critical")]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
