"""Chapter 5's widgets in the built page: the worked example, the two judges, the run, the quiz."""

import pytest
from chapter_page import chapter_page, widget
from playwright.sync_api import expect

pytestmark = pytest.mark.web
page = chapter_page("chapters/05_albert.html")


def test_the_worked_example_opens_at_the_notes_numbers(page):
    albert = widget(page, "albert-factorisation")
    assert "50,000 → 9,000" in albert.locator("output").inner_text()
    albert.get_by_role("button", name="albert-xxlarge").click()
    assert "122,880,000 → 4,364,288" in albert.locator("output").inner_text()
    albert.get_by_role("button", name="Reset").click()
    albert.locator('input[name="E"]').fill("84")
    assert albert.locator(".lm-warning").is_visible()


def shares(judge):
    """What each of the two models gives to "B follows A", in percent."""
    label = judge.locator("svg").get_attribute("aria-label")
    return [int(part.split(": ")[1].split("%")[0]) for part in label.split("; ")]


def test_the_judges_differ_on_a_swap_and_on_a_topic(page):
    judge = widget(page, "order-judge")
    order, following = shares(judge)
    assert order > 80
    assert following > 80
    judge.get_by_role("button", name="Swap A and B").click()
    order, following = shares(judge)
    assert order < 20  # B came first
    assert following > 80  # and the other model does not mind
    judge.get_by_role("button", name="another topic", exact=True).click()
    order, following = shares(judge)
    assert order > 80
    assert following < 20


def test_the_judges_read_what_is_typed(page):
    judge = widget(page, "order-judge")
    judge.locator('textarea[name="second"]').fill("third xylophone")
    expect(judge.locator(".lm-note")).to_contain_text("not in the vocabulary")


def test_the_recorded_run_is_shown_without_its_button(page):
    monitor = widget(page, "training-monitor")
    assert "A recorded run: 800 of 800 steps" in monitor.locator("output").inner_text()
    assert not monitor.locator('button[name="stop"]').is_visible()
