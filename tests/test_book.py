"""The pages around the chapters say what the code does: examples run, tables are complete."""

import argparse
import doctest
import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from pybtex.database import parse_file

import lmcore
from lmcore import PRESETS, RECIPES, preset
from lmcore.cli import _parser

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))


@pytest.fixture(scope="module")
def made():
    """The extension that makes pages from code."""
    path = BOOK / "_ext" / "made_from_code.py"
    spec = importlib.util.spec_from_file_location("made_from_code", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page(name):
    return (BOOK / name).read_text("utf-8")


# prerequisites


def test_the_examples_of_the_prerequisites_print_what_they_say():
    blocks = re.findall(r"```pycon\n(.*?)```", page("prerequisites.md"), re.DOTALL)
    parsed = doctest.DocTestParser().get_doctest("".join(blocks), {}, "prerequisites", None, 0)
    assert len(parsed.examples) > 20
    result = doctest.DocTestRunner(verbose=False).run(parsed)
    assert result.failed == 0


def test_the_notation_gives_the_sizes_of_the_presets():
    models = [preset(name) for name in ("gpt1", "bert-base", "albert-xxlarge")]
    rows = re.findall(
        r"^\| \$.*?\| [^|]+ \| `(\w+)` \| (.+) \|$", page("notation.md"), re.MULTILINE
    )
    assert len(rows) == 8
    for name, cells in rows:
        assert cells.split(" | ") == [f"{getattr(model, name):,}" for model in models], name


def test_the_reading_map_gives_the_sizes_of_the_presets():
    drawn = page("figures/reading-map.svg")
    gpt1, gpt2, gpt3 = preset("gpt1"), preset("gpt2-xl"), preset("gpt3-175b")
    for older, newer, name in (
        (gpt1, gpt2, "context_length"), (gpt2, gpt3, "context_length"), (gpt2, gpt3, "num_layers"),
    ):  # fmt: skip
        assert f"{getattr(older, name):,} → {getattr(newer, name):,}" in drawn
    assert f"{gpt2.vocab_size:,} tokens" in drawn
    assert f"{preset('albert-base').num_layers} sets of weights → 1" in drawn
    layers = [preset(name).num_layers for name in ("bert-base", "distilbert", "tinybert-4")]
    assert "{} → {} or {} layers".format(*layers) in drawn


# presets, costs, exercises: made from code and notebooks


def test_every_preset_stands_on_its_page_once(made):
    arguments = re.findall(r"```\{preset-table\} (.+)", page("presets.md"))
    names = [row[0] for group in arguments for row in made.preset_rows(group.split())]
    assert sorted(names) == sorted(PRESETS)


def test_a_row_of_the_presets_is_the_published_model(made):
    row = made.preset_row("albert-base", preset("albert-base"))
    assert dict(zip(made.PRESET_COLUMNS, row, strict=True)) == {
        "preset": "albert-base", "parameters": "11,683,584", "V": "30,000", "C": "512", "L": "12",
        "H": "768", "A": "12", "F": "3,072", "E": "128", "blocks": "1", "mask": "none",
        "norm": "post",
    }  # fmt: skip


def test_the_recipe_table_shows_what_the_code_has(made):
    row = dict(zip(made.RECIPE_COLUMNS, made.recipe_row("bert", RECIPES["bert"]), strict=True))
    assert row == {
        "recipe": "bert", "optimizer": "AdamW", "peak rate": "0.0001", "warm-up": "0.01",
        "hold": "0", "decay": "linear", "to": "0", "weight decay": "0.01", "β": "0.9, 0.999",
        "ε": "1e-06", "clip": "1",
    }  # fmt: skip


def test_an_unknown_prefix_is_refused(made):
    with pytest.raises(ValueError, match="no preset begins with 'gtp'"):
        made.preset_rows(["gtp"])


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_a_chapter_says_what_it_costs_and_has_its_sheet(path, made):
    notebook = json.loads(path.read_text("utf-8"))
    seen = made.glued(notebook)
    assert int(seen["train_seconds"]) < int(seen["total_seconds"]) < 420
    assert 0 < float(seen["peak_memory"]) < 8
    found = made.exercises(notebook)
    assert len(found) >= 6
    assert sum(name.startswith("Find the bug") for name, _ in found) >= 2
    grades = {re.match(r"\*([\w-]+)\.\*", text)[1] for _, text in found}
    assert grades == {"Warm-up", "Middle", "Hard"}
    assert f"```{{exercise-sheet}} {path.stem}\n" in page(f"exercises/{path.stem}.md")


def test_a_sheet_has_no_solutions_and_spells_out_glued_numbers(made):
    cells = [
        "# Title: more\n",
        "```{exercise} One\n:label: ex-one\n\n*Hard.* Of {glue:text}`n` tokens?\n```\n\n"
        "````{solution-start} ex-one\n````\n\nThe answer.\n",
    ]
    notebook = {"cells": [{"cell_type": "markdown", "source": [text]} for text in cells]}
    value = {
        "metadata": {"scrapbook": {"name": "n"}},
        "data": {"application/papermill.record/text/plain": "'512'"},
    }
    notebook["cells"].append({"cell_type": "code", "source": [], "outputs": [value]})
    assert made.exercises(notebook) == [("One", "*Hard.* Of 512 tokens?")]
    assert made.title(notebook) == "Title: more"
    del notebook["cells"][-1]
    with pytest.raises(ValueError, match="no cell of 'Title: more' glues 'n'"):
        made.exercises(notebook)


def build(folder, pages, **config):
    """The report of a small book of ``pages`` with our extensions, built in ``folder``."""
    shutil.copytree(BOOK / "_ext", folder / "book" / "_ext")
    for name, text in pages.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    settings = {
        "project": "small", "html_theme": "sphinx_book_theme", "root_doc": "index",
        "extensions": ["myst_nb", "made_from_code", "take_away"], "nb_execution_mode": "off",
    } | config  # fmt: skip
    lines = [f"import sys; sys.path.insert(0, {str(folder / 'book' / '_ext')!r})"]
    lines += [f"{name} = {value!r}" for name, value in settings.items()]
    (folder / "conf.py").write_text("\n".join(lines))
    command = [sys.executable, "-m", "sphinx", "-q", str(folder), str(folder / "html")]
    return subprocess.run(command, capture_output=True, text=True, timeout=120).stderr


def test_a_missing_number_is_one_line_of_the_report(tmp_path):
    """Not a traceback: the page, the directive, the chapter, the name."""
    (tmp_path / "chapters").mkdir()
    cell = nbformat.v4.new_markdown_cell("# A chapter: of one cell")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbformat.write(notebook, tmp_path / "chapters" / "01_one.ipynb")
    pages = {"index.md": "# Costs\n\n```{chapter-costs}\n```\n\n```{preset-table} gtp\n```\n"}
    report = build(tmp_path, pages, exclude_patterns=["chapters/*"])
    lines = [line for line in report.splitlines() if "ERROR" in line]
    assert "index.md:3" in lines[0]
    assert "chapter-costs: no cell of 'A chapter: of one cell' glues 'total_seconds'" in lines[0]
    assert "index.md:6" in lines[1]
    assert "preset-table: no preset begins with 'gtp'" in lines[1]
    assert "Traceback" not in report


@pytest.mark.parametrize("repository", ["", "github.com/someone/book", "gitlab.com/someone/book"])
def test_one_setting_offers_to_launch_a_chapter(repository, tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A chapter")])
    pages = {
        "index.md": "# Book\n\n```{toctree}\nchapters/05_x\n```\n\n```{install-lines}\n```\n",
        "chapters/05_x.ipynb": nbformat.writes(notebook),
    }
    report = build(tmp_path, pages, book_repository=repository)
    assert not report
    chapter = (tmp_path / "html" / "chapters" / "05_x.html").read_text("utf-8")
    colab = "https://colab.research.google.com/github/someone/book/blob/main/chapters/05_x.ipynb"
    clone = "git clone --quiet --depth 1 https://github.com/someone/book pretrained"
    on_github = repository.startswith("github.com")
    assert ("btn-launch" in chapter or "dropdown-launch-buttons" in chapter) == on_github
    assert chapter.count(f'href="{colab}"') == (2 if on_github else 0)  # the theme's, and ours
    assert (clone in chapter) == on_github
    index = (tmp_path / "html" / "index.html").read_text("utf-8")
    assert f"https://{repository or 'HOST/OWNER/NAME'} pretrained" in index


# API, glossary, lecture notes, bibliography, cards


def test_the_api_page_has_every_public_name():
    documented = set(re.findall(r":: lmcore\.([\w.]+)", page("api.md")))
    data = {"PRESETS", "RECIPES", "GPT1_RECIPE", "GPT1_FINETUNING"}  # values, told on other pages
    assert set(lmcore.__all__) - documented - data == set()


def test_the_api_page_has_every_command():
    (commands,) = (a for a in _parser()._actions if isinstance(a, argparse._SubParsersAction))
    assert not [name for name in commands.choices if f"`lmcore {name}" not in page("api.md")]


def test_the_glossary_is_in_order_and_every_term_is_used():
    body = re.search(r"```\{glossary\}\n(.*?)```", page("glossary.md"), re.DOTALL)[1]
    terms = [line for line in body.splitlines() if line and not line.startswith(" ")]
    plain = [re.sub(r"[^a-z0-9]", "", term.lower()) for term in terms]
    assert plain == sorted(plain)
    assert len(set(plain)) == len(plain) > 60
    korean = sum(bool(re.search("[가-힣]", text)) for text in re.split(r"\n\n", body))
    assert korean / len(terms) > 0.8


VERDICTS = {"right", "imprecise", "wrong", "right for its time", "right / imprecise"}


def test_every_claim_of_the_lecture_notes_has_a_verdict_and_a_source():
    text = page("lecture_notes.md")
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", text, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 37))
    for number, cells in rows:
        claim, verdict, right, source, place = (cell.strip() for cell in cells.split(" | "))
        assert claim, number
        assert verdict in VERDICTS, number
        assert len(right) > 15, number
        assert source, number
        chapters = {int(name) for name in re.findall(r"chapters/(\d\d)_", place)}
        finished = {int(path.name[:2]) for path in CHAPTERS}
        assert chapters or not finished >= {5, 6, 7}, f"claim {number} has no place in the book"
    tally = Counter(cells.split(" | ")[1].strip() for _, cells in rows)
    assert (
        "Of the 36 claims, {right} are right and one was right for its time; {imprecise} are "
        "imprecise, two half right, and {wrong} wrong.".format(**tally)
        in text
    )
    assert (tally["right for its time"], tally["right / imprecise"]) == (1, 2)


BIBLIOGRAPHY = parse_file(BOOK / "references.bib").entries


@pytest.mark.parametrize("key", BIBLIOGRAPHY)
def test_a_source_can_be_found(key):
    """A DOI or an arXiv id; for the two reports that have neither, their publisher's address."""
    entry = BIBLIOGRAPHY[key]
    fields = entry.fields
    assert entry.persons["author"]
    assert fields["title"]
    assert 1900 < int(fields["year"]) < 2030
    if "doi" in fields:
        assert re.fullmatch(r"10\.\d{4,9}/\S+", fields["doi"])
    elif "eprint" in fields:
        assert fields["archiveprefix"] == "arXiv"
        assert re.fullmatch(r"\d{4}\.\d{4,5}", fields["eprint"])
        assert 0 <= int(fields["year"]) - 2000 - int(fields["eprint"][:2]) <= 2
    else:
        assert entry.type in ("techreport", "misc")
        assert fields["url"].startswith("https://")


def test_every_source_is_cited_and_every_citation_has_its_source():
    texts = [path.read_text("utf-8") for path in sorted(BOOK.rglob("*.md"))]
    texts += [path.read_text("utf-8") for path in CHAPTERS]
    cited = set()
    for keys in re.findall(r"\{cite:\w+\}`([^`]+)`", "\n".join(texts)):
        cited |= {key.strip() for key in keys.split(",")}
    assert cited <= set(BIBLIOGRAPHY)
    assert set(BIBLIOGRAPHY) - cited == set()


def test_everything_that_ships_has_a_card():
    cards = "".join(path.read_text("utf-8") for path in (BOOK / "data").glob("*.md"))
    package = ROOT / "lmcore"
    for sums in (package / "data" / "files", package / "tokenizers"):
        for line in (sums / "SHA256SUMS").read_text().splitlines():
            digest, name = line.split()
            assert digest in cards or name.startswith("LICENSE"), name
    for folder in (package / "checkpoints").iterdir():
        weights = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
        assert weights in cards, folder.name
