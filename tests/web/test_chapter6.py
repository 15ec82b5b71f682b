"""Chapter 6's widgets in the built page: the trained pair, the runs, the curve, the quiz."""

import pytest
from chapter_page import chapter_page, widget
from playwright.sync_api import expect

pytestmark = pytest.mark.web
page = chapter_page("chapters/06_electra.html")


def test_the_trained_pair_takes_a_readers_sentence_through_four_steps(page):
    stepper = widget(page, "electra-stepper")
    stepper.locator("textarea").fill("the city is in the north of the country and by the sea .")
    expect(stepper.locator(".lm-cards li").nth(2)).to_contain_text("city")
    stepper.locator('button[name="step-2"]').click()
    assert stepper.locator(".lm-masked").count() == 2
    stepper.locator('button[name="step-3"]').click()
    assert stepper.locator(".lm-replaced, .lm-kept").count() == 2
    stepper.locator('button[name="step-4"]').click()
    judged = stepper.locator(".lm-cards li:not(.lm-special) small").all_inner_texts()
    assert len(judged) == 14
    assert all("%" in text for text in judged)


def test_a_sentence_as_it_was_looks_mostly_original(page):
    stepper = widget(page, "electra-stepper")
    stepper.locator('button[name="step-4"]').click()
    calm = stepper.locator(".lm-untouched").count()
    assert calm >= 0.6 * stepper.locator(".lm-cards li:not(.lm-special)").count()


def test_the_explorer_opens_at_a_quarter_and_fifty(page):
    explorer = widget(page, "electra-explorer")
    assert explorer.locator('[aria-pressed="true"]').get_attribute("data-point") == "16-50"
    before = explorer.locator("output").inner_text()
    explorer.locator('[data-point="64-1"]').click()
    assert explorer.locator("output").inner_text() != before


def test_the_recorded_run_is_shown_without_its_button(page):
    monitor = widget(page, "training-monitor")
    assert "A recorded run: 900 of 900 steps" in monitor.locator("output").inner_text()
    assert not monitor.locator('button[name="stop"]').is_visible()
