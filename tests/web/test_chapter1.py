"""Chapter 1's widgets in the built page: the right numbers, moved by hand and by keyboard."""

import pytest
from chapter_page import chapter_page, widget

pytestmark = pytest.mark.web
page = chapter_page("chapters/01_gpt1.html")


def test_the_ledger_opens_at_gpt1_and_follows_its_inputs(page):
    ledger = widget(page, "parameter-ledger")
    assert "116,534,784" in ledger.locator("output").inner_text()
    ledger.locator('input[name="L"]').fill("24")
    added = 12 * (12 * 768**2 + 13 * 768)
    assert f"{116_534_784 + added:,}" in ledger.locator("output").inner_text()
    ledger.get_by_role("button", name="gpt2", exact=True).click()
    assert "124,439,808" in ledger.locator("output").inner_text()


def test_a_bad_number_keeps_the_last_good_outcome(page):
    ledger = widget(page, "parameter-ledger")
    ledger.locator('input[name="H"]').fill("0")
    assert "from 1 to" in ledger.get_by_role("alert").inner_text()
    assert "116,534,784" in ledger.locator("output").inner_text()


def test_the_ledger_is_moved_by_keyboard(page):
    field = widget(page, "parameter-ledger").locator('input[name="L"]')
    field.focus()
    page.keyboard.press("ArrowUp")
    expected = 116_534_784 + 12 * 768**2 + 13 * 768
    assert f"{expected:,}" in widget(page, "parameter-ledger").locator("output").inner_text()


def test_attention_follows_what_is_typed(page):
    explorer = widget(page, "attention-explorer")
    before = explorer.locator("output").inner_text()
    assert "head 1 of layer 1 puts" in before
    explorer.locator('select[name="head"]').select_option("3")
    assert "head 3 of layer 1 puts" in explorer.locator("output").inner_text()
    explorer.locator('input[name="text"]').fill("<b>A river in Asia</b>")
    page.wait_for_timeout(300)
    assert explorer.locator("output").inner_text() != before
    assert explorer.locator("output b").count() == 0  # a reader's text is never markup
    hatched = explorer.locator('rect[fill^="url(#lm-hatch"]').count()
    tokens = explorer.locator(".lm-tokens button").count()
    assert hatched == tokens * (tokens - 1) / 2


def test_the_trained_model_continues_a_text(page):
    generator = widget(page, "text-generator")
    generator.locator('textarea[name="prompt"]').fill("Berlin is the capital of")
    page.wait_for_timeout(300)
    assert "has the best odds" in generator.get_by_role("status").inner_text()
    generator.locator('button[name="go"]').click()
    page.wait_for_function(
        "() => document.querySelector('[data-name=text-generator] [role=status]')"
        ".textContent.includes('a second')"
    )
    first = generator.locator("output").inner_text()
    assert first.startswith("Berlin is the capital of")
    assert len(first) > 40
    generator.locator('button[name="go"]').click()
    page.wait_for_timeout(1500)
    assert generator.locator("output").inner_text() == first  # the same seed, the same text


def test_the_recorded_run_is_shown_without_its_button(page):
    monitor = widget(page, "training-monitor")
    assert "A recorded run: 6,000 of 6,000 steps" in monitor.locator("output").inner_text()
    assert not monitor.locator('button[name="stop"]').is_visible()
