"""Chapter 4's widgets in the built page: the cost of a run, and prompts that the models answer."""

import pytest
from chapter_page import chapter_page

pytestmark = pytest.mark.web
page = chapter_page("chapters/04_gpt3.html")


@pytest.fixture
def calculator(page):
    return page.locator('.lm-widget[data-name="compute-calculator"]')


@pytest.fixture
def prompts(page):
    return page.locator('.lm-widget[data-name="prompt-builder"]')


def test_the_calculator_opens_at_the_papers_run_and_follows(calculator):
    said = calculator.locator("output")
    assert "3.14 × 10²³ FLOP" in said.inner_text()
    assert "3,638 petaflop/s-days" in said.inner_text()
    before = said.inner_text()
    calculator.locator('input[name="tokens"]').fill("600")
    assert "6.29 × 10²³" in said.inner_text()
    assert calculator.locator('input[name="tokens"]').input_value() == "600"
    calculator.get_by_role("button", name="Reset").click()
    assert said.inner_text() == before
    calculator.locator('select[name="kind"]').select_option("H100")
    assert "3.14 × 10²³" in said.inner_text()
    assert said.inner_text() != before  # fewer days
    calculator.get_by_role("button", name="GPT-3 13B").click()
    assert "2.31 × 10²²" in said.inner_text()


@pytest.mark.parametrize(("field", "bad"), [("utilization", "130"), ("gpus", "0"), ("tokens", "")])
def test_a_bad_number_says_so_and_keeps_the_last_good_outcome(calculator, field, bad):
    before = calculator.locator("output").inner_text()
    calculator.locator(f'input[name="{field}"]').fill(bad)
    assert "is not from" in calculator.get_by_role("alert").inner_text()
    assert calculator.locator("output").inner_text() == before


def test_examples_decide_which_game_it_is(prompts):
    """The trained model answers f by the game that the examples show."""
    builder = prompts.first
    number, said = builder.locator('input[name="examples"]'), builder.locator("output")
    number.fill("0")
    assert said.inner_text().startswith("No example:")
    number.fill("6")
    answers = {}
    for game in ("one on", "mirrored", "half way round"):
        builder.locator('select[name="task"]').select_option(game)
        assert len(builder.locator("pre").inner_text().strip().splitlines()) == 7
        answers[game] = said.inner_text()
    for game, letter in (("one on", "g"), ("mirrored", "u"), ("half way round", "s")):
        assert f"to {letter}, which is right" in answers[game], answers
    builder.locator('select[name="task"]').select_option("seven on (never trained)")
    assert "which is wrong: m has" in said.inner_text()


def test_more_examples_are_drawn_and_reset_brings_the_first_back(prompts):
    builder = prompts.first
    builder.locator('input[name="examples"]').fill("4")
    before = builder.locator("pre").inner_text()
    builder.locator('button[name="other"]').click()
    assert builder.locator("pre").inner_text() != before
    assert "f " not in builder.locator("pre").inner_text().rsplit("\n", 1)[0]  # never the question
    builder.get_by_role("button", name="Reset").click()
    builder.locator('input[name="examples"]').fill("4")
    assert builder.locator("pre").inner_text() == before


def test_a_readers_own_meanings_are_looked_up_in_the_prompt(prompts):
    builder = prompts.nth(1)
    builder.locator('select[name="meaning-0"]').select_option(label="gray")
    assert builder.locator('select[name="task"]').input_value() == "your own"
    builder.locator('select[name="question"]').select_option(label="blick")
    builder.locator('input[name="examples"]').fill("8")
    for _ in range(5):  # until the question has stood among the examples
        if "blick gray" in builder.locator("pre").inner_text():
            break
        builder.locator('button[name="other"]').click()
    said = builder.locator("output").inner_text()
    assert "to gray, which is right" in said
    assert "has stood in the prompt" in said


def test_examples_move_by_keyboard(page, prompts):
    builder = prompts.first
    builder.locator('input[name="examples"]').focus()
    before = builder.locator("pre").inner_text()
    page.keyboard.press("ArrowRight")
    assert len(builder.locator("pre").inner_text()) > len(before)
