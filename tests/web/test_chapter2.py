"""Chapter 2's widgets in the built page: masks, pairs, the shipped model, spans, the quiz."""

import pytest
from chapter_page import chapter_page, widget
from playwright.sync_api import expect

pytestmark = pytest.mark.web
page = chapter_page("chapters/02_bert.html")


def test_the_ledger_opens_at_bert_base(page):
    ledger = widget(page, "parameter-ledger")
    assert "109,482,240" in ledger.locator("output").inner_text()
    ledger.get_by_role("button", name="bert-large", exact=True).click()
    assert "335,141,888" in ledger.locator("output").inner_text()


def test_the_lab_hides_fifteen_in_a_hundred(page):
    lab = widget(page, "masking-lab")
    lab.locator("textarea").fill("one two three four five six seven eight nine ten " * 4)
    page.wait_for_timeout(300)
    plain = lab.locator(".lm-cards li").count() - 2
    chosen = lab.locator(".lm-masked, .lm-replaced, .lm-kept").count()
    assert chosen == round(0.15 * plain)
    lab.get_by_role("button", name="Draw again").click()
    assert lab.locator(".lm-masked, .lm-replaced, .lm-kept").count() == chosen


def test_the_composer_packs_the_chapters_pair(page):
    composer = widget(page, "input-composer")
    assert composer.locator(".lm-cards li").first.inner_text().startswith("[CLS]")
    assert "+ segment B" in composer.locator(".lm-cards li").last.inner_text()


def test_the_shipped_model_knows_what_berlin_is(page):
    filler = widget(page, "mask-filler")
    filler.locator("textarea").fill("Berlin is the capital and largest [MASK] of Germany.")
    names = filler.locator('svg text[text-anchor="end"]')
    expect(names.first).to_have_text("city")


def test_attention_looks_to_the_right_too(page):
    explorer = widget(page, "attention-explorer")
    assert explorer.locator('rect[fill^="url(#lm-hatch"]').count() == 0
    assert explorer.locator(".lm-tokens button").first.inner_text().startswith("[CLS]")


def test_the_reader_of_this_run_answers_and_keeps_silent(page):
    picker = widget(page, "span-picker")
    slider = picker.locator('input[name="threshold"]')
    slider.focus()
    page.keyboard.press("End")
    assert picker.locator(".lm-large").inner_text() == "No answer"
    page.keyboard.press("Home")
    assert picker.locator(".lm-large").inner_text() != "No answer"
    assert picker.locator("select option").count() >= 4


def test_the_recorded_run_is_shown_without_its_button(page):
    monitor = widget(page, "training-monitor")
    assert "A recorded run: 500 of 500 steps" in monitor.locator("output").inner_text()
    assert not monitor.locator('button[name="stop"]').is_visible()
