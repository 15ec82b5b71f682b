"""Both contenders of every task take the same step at equal settings, and a row has its columns."""

import csv
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from statistics import mean

import pytest
import torch

from benchmarks import growth, ours, theirs
from benchmarks.sizes import SIZES, Size
from benchmarks.timing import compared

SMALLEST = Size(layers=2, hidden=32, heads=2, vocabulary=64, length=16, batch=4)


def test_a_task_stands_on_both_sides():
    assert ours.TASKS.keys() == theirs.TASKS.keys()


@pytest.mark.parametrize("task", ours.TASKS)
@pytest.mark.parametrize("size", [SMALLEST, SIZES["tiny"]], ids=["smallest", "tiny"])
def test_both_sides_train_the_same_model(task, size):
    """As many parameters (but for position rows and unused heads), and an untrained guess."""
    mine, _ = ours.TASKS[task](size)
    other, _ = theirs.TASKS[task](size, True)
    counts = [sum(p.numel() for p in model.parameters()) for model in (mine, other)]
    assert counts[0] == pytest.approx(counts[1], abs=2 * size.hidden)
    guess = torch.tensor(float(size.vocabulary)).log().item()
    if task == "electra":
        guess += 50 * torch.tensor(2.0).log().item()  # and a coin for every token
    if task == "distil":
        guess = 2 * guess + 1  # two untrained models: equal distributions, unrelated states
    for step in (
        ours.build_step(task, size, torch.float32),
        theirs.build_step(task, size, torch.float32, equal=True),
    ):
        first = step()
        assert first == pytest.approx(guess, rel=0.02, abs=0.5)
        assert [step() for _ in range(8)][-1] < first


def test_a_ratio_is_the_median_of_the_rounds_ratios():
    found = compared({"lmcore": [1.0, 2.0, 4.0], "other": [2.0, 2.0, 12.0]})
    assert found["ms"] == {"lmcore": 2000.0, "other": 2000.0}
    assert found["ratio"] == {"other": 2.0}


def test_ways_to_take_a_batch_learn_the_same():
    losses = [
        growth.step_of(SMALLEST, **way, at_least=0)["third_loss"]
        for way in ({}, {"accumulate": 2}, {"again": True}, {"accumulate": 2, "again": True})
    ]
    assert losses == pytest.approx([losses[0]] * 4, abs=1e-5)


def test_the_growth_figure_is_drawn_from_its_table(tmp_path, monkeypatch):
    monkeypatch.setattr(growth, "FIGURE", tmp_path / "growth.svg")
    rows = [
        {"sweep": sweep, "value": value, "seconds": 0.1 * value, "peak_mb": 10.0 + value}
        for sweep, values in growth.SWEEPS.items()
        for value in values
    ]
    growth.draw({"start": vars(growth.START), "rows": rows})
    text = (tmp_path / "growth.svg").read_text()
    assert ET.fromstring(text).find("{http://www.w3.org/2000/svg}title").text
    assert "currentColor" in text
    assert not re.search("#000000|#ffffff", text)


def test_the_committed_growth_is_what_the_page_tells():
    found = json.loads(growth.RESULTS.read_text("utf-8"))

    def grown(sweep, what):
        rows = [row for row in found["rows"] if row["sweep"] == sweep]
        return rows[-1][what] / rows[0][what], rows[-1]["value"] / rows[0]["value"], rows

    for sweep in growth.SWEEPS:
        assert grown(sweep, "peak_mb")[0] < grown(sweep, "seconds")[0], sweep
    for sweep in ("length", "batch"):  # nearly in proportion
        times, proportion, _ = grown(sweep, "seconds")
        assert 0.6 < times / proportion < 1.3, sweep
    times, proportion, _ = grown("layers", "seconds")
    assert times < 0.6 * proportion
    widths = [row["seconds"] for row in grown("hidden", "seconds")[2]]
    assert widths[1] / widths[0] < 2 < widths[-1] / widths[-2]
    *_, vocabularies = grown("vocabulary", "seconds")
    home, largest = vocabularies[1], vocabularies[-1]
    assert home["value"] == growth.START.vocabulary
    assert 4.5 < largest["seconds"] / home["seconds"] < 5
    assert 3 < largest["peak_mb"] / home["peak_mb"] < 3.5
    whole, pieces, again, both = found["ways"]
    assert pieces["peak_mb"] < whole["peak_mb"] / 2
    assert pieces["seconds"] < 1.15 * whole["seconds"]
    assert pieces["peak_mb"] < again["peak_mb"] < whole["peak_mb"]
    assert both["peak_mb"] < 400
    assert 1.15 < again["seconds"] / whole["seconds"] < 1.35


def test_a_row_knows_the_case_it_was_measured_with():
    from benchmarks.__main__ import case_of, cases

    for case in cases():
        names = dict(zip(("what", "task", "size", "dtype"), case, strict=False))
        row = {"size": "", "dtype": "float32"} | names
        if case[0] == "memory":
            row["contender"] = case[-1].partition("=")[2]
        assert case_of(row) == case


def test_the_committed_run_is_never_slower_at_equal_settings():
    results = json.loads(Path("benchmarks/results.json").read_text("utf-8"))
    rows = [row for row in results["rows"] if row["what"] == "steps"]
    assert {row["task"] for row in rows} == set(ours.TASKS)
    assert len(rows) == len(ours.TASKS) * len(SIZES) * 2
    assert min(row["ratio"]["equal"] for row in rows) > 1
    (masked,) = (
        r for r in rows if (r["task"], r["size"], r["dtype"]) == ("mlm", "mini", "float32")
    )
    assert masked["ratio"]["default"] > 1.4
    assert masked["share_of_peak"] > 0.6


def test_the_books_recipe_reaches_more_in_half_the_time():
    with Path("scripts/studies/byte_recipe_confirm.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    plain, book = (
        {r["seed"]: r for r in rows if r["arm"] == arm} for arm in ("plain AdamW", "the book's")
    )
    assert plain.keys() == book.keys() == set("01234")
    assert all(float(book[s]["loss"]) < float(plain[s]["loss"]) for s in plain)
    seconds = [mean(float(r["cpu_seconds"]) for r in arm.values()) for arm in (plain, book)]
    assert seconds[1] < seconds[0] / 2
