"""Pages that are made from the code and the notebooks, so that they cannot fall behind.

``{preset-table} PREFIX …`` counts the presets whose names begin so, ``{recipe-table}`` lists the
recipes; ``{chapter-costs}`` reads what each chapter measured of itself when it was last run;
``{exercise-sheet} NAME`` is a chapter's exercises without their solutions.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from lmcore import PRESETS, RECIPES, Config, Recipe, ledger, preset

CHAPTERS = Path(__file__).resolve().parents[2] / "chapters"
PRESET_COLUMNS = (
    "preset", "parameters", "V", "C", "L", "H", "A", "F", "E", "blocks", "mask", "norm",
)  # fmt: skip


def preset_rows(prefixes: list[str]) -> list[list[str]]:
    """One row of PRESET_COLUMNS for each preset named by a prefix; ValueError if one names none."""
    rows = []
    for prefix in prefixes:
        names = [name for name in PRESETS if re.match(rf"{re.escape(prefix)}(-|$)", name)]
        if not names:
            raise ValueError(f"no preset begins with {prefix!r}")
        rows += [preset_row(name, preset(name)) for name in names]
    return rows


def preset_row(name: str, config: Config) -> list[str]:
    """A preset's sizes and switches, and its parameters as counted on the meta device."""
    sizes = (
        config.vocab_size, config.context_length, config.num_layers, config.hidden_size,
        config.num_heads, config.feed_forward_size, config.embedding_size,
    )  # fmt: skip
    return [
        name, f"{sum(row.parameters for row in ledger(config)):,}",
        *(f"{size:,}" for size in sizes), str(config.num_groups * config.layers_per_group),
        "causal" if config.causal else "none", "pre" if config.pre_norm else "post",
    ]  # fmt: skip


class Glued(dict):
    """What a notebook's cells glued, by name, as plain text; ValueError where a name is missing."""

    def __init__(self, chapter: str) -> None:
        super().__init__()
        self.chapter = chapter

    def __missing__(self, name: str) -> str:
        raise ValueError(f"no cell of {self.chapter!r} glues {name!r}: run the chapter again")


RECIPE_COLUMNS = (
    "recipe", "optimizer", "peak rate", "warm-up", "hold", "decay", "to", "weight decay", "β",
    "ε", "clip",
)  # fmt: skip


def recipe_row(name: str, recipe: Recipe) -> list[str]:
    """A recipe's values under RECIPE_COLUMNS."""
    return [
        name, {"adamw": "AdamW", "muon": "Muon"}[recipe.optimizer], f"{recipe.learning_rate:g}",
        f"{recipe.warmup:.4g}", f"{recipe.hold:g}", recipe.decay, f"{recipe.floor:g}",
        f"{recipe.weight_decay:g}", ", ".join(f"{beta:g}" for beta in recipe.betas),
        f"{recipe.eps:g}", f"{recipe.clip:g}",
    ]  # fmt: skip


def glued(notebook: dict) -> Glued:
    """What a notebook's cells glued."""
    found = Glued(title(notebook))
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            name = output.get("metadata", {}).get("scrapbook", {}).get("name", "")
            for kind, text in output.get("data", {}).items():
                if kind.endswith("text/plain"):
                    found[name.rsplit("/", 1)[-1]] = "".join(text).strip("'")
    return found


EXERCISE = re.compile(
    r"^(`{3,})\{exercise\} (?P<title>.+)\n(?::.*\n)*\n(?P<text>(?:.*\n)*?)\1$", re.MULTILINE
)


def exercises(notebook: dict) -> list[tuple[str, str]]:
    """The exercises of a notebook, (title, MyST text) each, without their solutions.

    A number that the notebook glued is written out: it is known in no other page.
    """
    values = glued(notebook)
    prose = "\n\n".join(
        "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"
    )
    prose = re.sub(r"\{glue:text\}`(\w+)`", lambda match: values[match[1]], prose)
    return [(match["title"], match["text"].strip()) for match in EXERCISE.finditer(prose)]


def title(notebook: dict) -> str:
    """A notebook's first heading."""
    first = "".join(notebook["cells"][0]["source"])
    return re.search(r"^# (.+)$", first, re.MULTILINE)[1]


class FromChapters(SphinxDirective):
    """What the directives share: notebooks read once, tables that scroll in a box of their own.

    What is wrong with a chapter or an argument is one line of the build's report.
    """

    def run(self) -> list[nodes.Node]:
        """Build the part of the page."""
        try:
            return self.build()
        except ValueError as fault:
            raise self.error(f"{self.name}: {fault}") from None

    def read(self, path: Path) -> dict:
        """The notebook at ``path``; the page is built anew when it changes."""
        self.env.note_dependency(str(path))
        return json.loads(path.read_text("utf-8"))

    def table(self, columns: tuple[str, ...], rows: list[list[str]]) -> list[nodes.Node]:
        """A table of plain text, the first column its rows' names."""
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in columns)
        body = "".join(
            f'<tr><th scope="row">{html.escape(first)}</th>'
            + "".join(f"<td>{html.escape(cell)}</td>" for cell in rest)
            + "</tr>"
            for first, *rest in rows
        )
        return [nodes.raw("", TABLE.format(head=head, body=body), format="html")]


TABLE = (
    '<div class="pst-scrollable-table-container"><table class="book-table book-dense">'
    "<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
)


class PresetTable(FromChapters):
    """The presets whose names begin with the arguments."""

    required_arguments = 1
    optional_arguments = 9

    def build(self) -> list[nodes.Node]:
        """Build the table."""
        self.env.note_dependency(str(CHAPTERS.parent / "lmcore" / "presets.py"))
        return self.table(PRESET_COLUMNS, preset_rows(self.arguments))


class RecipeTable(FromChapters):
    """Every recipe by name."""

    def build(self) -> list[nodes.Node]:
        """Build the table."""
        self.env.note_dependency(str(CHAPTERS.parent / "lmcore" / "recipes.py"))
        return self.table(RECIPE_COLUMNS, [recipe_row(*item) for item in RECIPES.items()])


class ChapterCosts(FromChapters):
    """Seconds and memory of each chapter, as in the badges under their titles."""

    def build(self) -> list[nodes.Node]:
        """Build the table."""
        rows = []
        for path in sorted(CHAPTERS.glob("*.ipynb")):
            notebook = self.read(path)
            seen = glued(notebook)
            short = f"{int(path.name[:2])}. {title(notebook).split(':')[0]}"
            rows.append([
                short, f"{seen['total_seconds']} s", f"{seen['train_seconds']} s",
                f"{seen['peak_memory']} GB", str(len(exercises(notebook))),
            ])  # fmt: skip
        return self.table(
            ("chapter", "whole run", "of it live training", "peak memory", "exercises"), rows
        )


class ExerciseSheet(FromChapters):
    """The exercises of ``chapters/NAME.ipynb``, each under a heading, solutions left out."""

    required_arguments = 1

    def build(self) -> list[nodes.Node]:
        """Parse the exercises into the page."""
        path = CHAPTERS / f"{self.arguments[0]}.ipynb"
        if not path.is_file():
            raise ValueError(f"there is no chapter {self.arguments[0]!r}")
        sheet = []
        for number, (name, text) in enumerate(exercises(self.read(path)), 1):
            exercise = nodes.container(classes=["sheet-exercise"])
            exercise += nodes.rubric("", f"{number}. {name}", **{"heading-level": 2})
            self.state.nested_parse(StringList(text.splitlines(), str(path)), self.lineno, exercise)
            sheet.append(exercise)
        return sheet


def setup(app: Sphinx) -> dict:
    """Register the directives."""
    app.add_directive("preset-table", PresetTable)
    app.add_directive("recipe-table", RecipeTable)
    app.add_directive("chapter-costs", ChapterCosts)
    app.add_directive("exercise-sheet", ExerciseSheet)
    version = int(hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12], 16)
    return {"env_version": version, "parallel_read_safe": True, "parallel_write_safe": True}
