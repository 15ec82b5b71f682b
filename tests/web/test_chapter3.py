"""Chapter 3's widgets in the built page: merges, sampling rules, the trained model, the quiz."""

import re

import pytest
from chapter_page import chapter_page, widget

pytestmark = pytest.mark.web
page = chapter_page("chapters/03_gpt2.html")


def test_the_stepper_merges_what_is_typed_pair_by_pair(page):
    stepper = widget(page, "bpe-stepper")
    stepper.locator('textarea[name="text"]').fill("the <b>then</b>")
    page.wait_for_timeout(200)
    said = stepper.locator("output")
    assert said.inner_text() == "Each byte is a token by itself: 15 tokens for 15 bytes."
    assert stepper.locator("tbody tr").first.inner_text().endswith("wins")
    winner = stepper.locator("tbody tr th").first.inner_text()
    stepper.locator('button[name="next"]').click()
    assert said.inner_text().startswith(f"Step 1: {winner}, rank")
    assert stepper.locator(".lm-token.lm-fresh").count() >= 1
    stepper.locator('button[name="back"]').click()
    assert "by itself" in said.inner_text()
    stepper.locator('button[name="all"]').click()
    assert "this is what GPT-2 reads" in said.inner_text()
    assert stepper.locator(".lm-token small").first.inner_text() == "1169"  # GPT-2's own "the"
    assert stepper.locator("b").count() == 0  # a reader's text is never markup


def test_the_stepper_reads_korean_as_gpt2_does(page):
    stepper = widget(page, "bpe-stepper")
    stepper.locator('textarea[name="text"]').fill("한")
    page.wait_for_timeout(200)
    assert stepper.locator(".lm-token").all_inner_texts()[0].startswith("‹ED›")
    stepper.locator('button[name="all"]').click()
    ids = stepper.locator(".lm-token small").all_inner_texts()
    assert ids == ["47991", "250"]


def test_the_stepper_is_moved_by_keyboard(page):
    stepper = widget(page, "bpe-stepper")
    stepper.locator('input[name="step"]').focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert stepper.locator("output").inner_text().startswith("Step 2:")


def bits(sampling):
    return float(re.search(r"entropy\s+([\d.]+) bits", sampling.locator("output").inner_text())[1])


def kept(sampling):
    found = re.search(r"([\d,]+) of 1,024", sampling.locator("output").inner_text())
    return int(found[1].replace(",", ""))


def test_sampling_rules_narrow_and_widen_the_odds(page):
    sampling = widget(page, "sampling")
    nucleus = bits(sampling), kept(sampling)
    sampling.get_by_role("button", name="top-k 40").click()
    assert kept(sampling) == 40
    sampling.get_by_role("button", name="cool (0.5)").click()
    cool = bits(sampling)
    sampling.get_by_role("button", name="hot (1.5)").click()
    assert cool < bits(sampling)
    assert kept(sampling) == 1024
    sampling.get_by_role("button", name="Reset").click()
    page.wait_for_timeout(200)
    assert (bits(sampling), kept(sampling)) == nucleus
    sampling.locator('input[name="temperature"]').fill("0")
    assert (bits(sampling), kept(sampling)) == (0.0, 1)


def test_sampling_follows_what_is_typed(page):
    sampling = widget(page, "sampling")
    before = sampling.locator("output").inner_text()
    sampling.locator('input[name="text"]').fill("In the year 19")
    page.wait_for_timeout(400)
    assert sampling.locator("output").inner_text() != before
    assert sampling.locator("svg rect").count() >= 14


def test_the_trained_model_writes_under_a_nucleus(page):
    generator = widget(page, "text-generator")
    generator.locator('input[name="top_p"]').fill("0.05")
    page.wait_for_timeout(300)
    status = generator.get_by_role("status")
    assert "1 token can be drawn; entropy 0.0 bits" in status.inner_text()
    generator.locator('button[name="go"]').click()
    page.wait_for_function(
        "() => document.querySelector('[data-name=text-generator] [role=status]')"
        ".textContent.includes('a second')"
    )
    assert len(generator.locator("output").inner_text()) > 60
