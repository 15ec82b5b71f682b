"""Tables that are made from configs, safe to show."""

import pytest

from lmcore import preset
from lmcore.tables import Table, compare, ledger_table


def test_only_what_differs_is_listed():
    text = repr(compare({"GPT-1": preset("gpt1"), "GPT-2": preset("gpt2")}))
    assert "LayerNorm first" in text
    assert "hidden size" not in text
    assert "116,534,784" in text
    assert "124,439,808" in text


def test_the_ledger_adds_up_and_ends_in_the_total():
    lines = repr(ledger_table(preset("gpt1"))).splitlines()
    assert lines[-1].split() == ["total", "116,534,784", "100.0%"]


def test_cells_are_never_markup():
    assert "<script>" not in Table(["a"], [["<script>"]])._repr_html_()


def test_a_ragged_row_is_refused():
    with pytest.raises(ValueError, match="a row of 1 cells under 2 columns"):
        Table(["a", "b"], [[1]])
