"""Small tables for the page: rows in, HTML for the reader, plain text for the checks."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import fields

from lmcore.config import Config
from lmcore.ledger import ledger

# What a reader compares first, and how the book calls it.
_LABELS = {
    "vocab_size": "vocabulary V",
    "context_length": "context C",
    "hidden_size": "hidden size H",
    "embedding_size": "embedding size E",
    "num_layers": "layers L",
    "num_heads": "heads A",
    "feed_forward_size": "feed-forward size F",
    "causal": "causal mask",
    "pre_norm": "LayerNorm first",
    "embedding_norm": "LayerNorm on embeddings",
    "num_segments": "segment embeddings",
    "windows": "attention windows, in turn",
    "num_groups": "sets of block weights",
    "norm_eps": "LayerNorm ε",
    "init_std": "initial std, matrices",
    "embedding_init_std": "initial std, embeddings",
}


class Table:
    """Column names and rows of cells. The last of equal length to ``columns``, or ValueError."""

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        for row in rows:
            if len(row) != len(columns):
                raise ValueError(f"a row of {len(row)} cells under {len(columns)} columns")
        self.columns = list(columns)
        self.rows = [[_text(cell) for cell in row] for row in rows]

    def __repr__(self) -> str:
        lines = [self.columns, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.columns))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in self.columns)
        body = "".join(
            f'<tr><th scope="row">{html.escape(first)}</th>'
            + "".join(f"<td>{html.escape(cell)}</td>" for cell in rest)
            + "</tr>"
            for first, *rest in self.rows
        )
        return (
            f'<table class="book-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        )


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    return str(cell)


def compare(configs: dict[str, Config]) -> Table:
    """The fields in which named configs differ, and what each counts in parameters.

    This is the book's diff from one paper to the next, made from the configs themselves.
    """
    rows: list[list[object]] = []
    for field in fields(Config):
        values = [getattr(config, field.name) for config in configs.values()]
        if len(set(values)) > 1:
            rows.append([_LABELS.get(field.name, field.name.replace("_", " ")), *values])
    totals = [sum(row.parameters for row in ledger(config)) for config in configs.values()]
    return Table(["", *configs], [*rows, ["parameters", *totals]])


def ledger_table(config: Config) -> Table:
    """A model's parameters by part, with their formulas and shares."""
    rows = ledger(config)
    total = sum(row.parameters for row in rows)
    lines = [[r.part, r.formula, r.parameters, f"{r.parameters / total:.1%}"] for r in rows]
    return Table(
        ["part", "formula", "parameters", "share"], [*lines, ["total", "", total, "100.0%"]]
    )
