"""Chapter 7's widgets in the built page: the count, heat, maps, teacher and student, the quiz."""

import pytest
from chapter_page import chapter_page, widget
from playwright.sync_api import expect

pytestmark = pytest.mark.web
page = chapter_page("chapters/07_distillation.html")


def test_the_ledger_counts_distilbert(page):
    own = widget(page, "parameter-ledger")
    assert "66,362,880" in own.locator("output").inner_text()
    own.get_by_role("button", name="tinybert-4", exact=True).click()
    assert "14,350,248" in own.locator("output").inner_text()


def test_heat_opens_at_two_and_raises_the_entropy(page):
    soft = widget(page, "soft-targets")
    expect(soft.locator('input[name="temperature"]')).to_have_value("2")
    bits = {}
    for heat in (1, 2, 8):
        soft.get_by_role("button", name=f"T = {heat}", exact=True).click()
        bits[heat] = float(soft.locator(".lm-large").inner_text().split()[0])
    assert bits[1] < bits[2] < bits[8] <= 11.0  # of 2,048 tokens


def test_the_map_opens_at_tinyberts(page):
    mapping = widget(page, "layer-mapping")
    assert mapping.locator(".lm-large").inner_text() == "g = (3, 6, 9, 12)"
    mapping.locator('select[name="kind"]').select_option("bottom")
    assert mapping.locator(".lm-large").inner_text() == "g = (1, 2, 3, 4)"


def test_teacher_and_student_both_know_what_berlin_is(page):
    both = widget(page, "mask-comparison")
    expect(both.locator("output")).to_contain_text("times as fast", timeout=20_000)
    expect(both.locator("output")).to_contain_text("Both say “city”")
    rows = both.locator("tbody tr").all_inner_texts()
    assert "1,082,496" in rows[0]
    assert "685,952" in rows[1]


def test_the_recorded_run_is_shown_without_its_button(page):
    monitor = widget(page, "training-monitor")
    assert "A recorded run: 150 of 150 steps" in monitor.locator("output").inner_text()
    assert not monitor.locator('button[name="stop"]').is_visible()
