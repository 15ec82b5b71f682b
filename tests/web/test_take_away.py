"""What a reader takes along: notebook, exercise sheet, pages on paper, the site as one file."""

import importlib.util
import io
import json
import sys
import zipfile

import pytest
from pypdf import PdfReader
from test_pages import CHAPTERS, ROOT

pytestmark = pytest.mark.web


def module(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    loaded = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture(scope="module")
def press():
    return module(ROOT / "scripts" / "print_book.py")


@pytest.mark.parametrize("page", CHAPTERS)
def test_the_notebook_is_a_click_away(page, server, visit):
    seen = visit(accept_downloads=True).open(f"{server}/{page}").page
    with seen.expect_download() as waiting:
        seen.get_by_role("link", name="Download the notebook").click()
    name = page.removeprefix("chapters/").removesuffix(".html") + ".ipynb"
    assert waiting.value.suggested_filename == name
    taken = json.loads(waiting.value.path().read_text("utf-8"))
    kept = json.loads((ROOT / "chapters" / name).read_text("utf-8"))
    assert taken["cells"] == kept["cells"]


@pytest.mark.parametrize("page", CHAPTERS)
def test_the_notebook_stands_beside_the_page_on_a_disk_too(page, site, visit):
    seen = visit().open((site / page).as_uri()).page
    link = seen.get_by_role("link", name="Download the notebook")
    path = (site / page).parent / link.get_attribute("href")
    assert json.loads(path.read_text("utf-8"))["nbformat"] == 4


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_chapter_leads_to_its_sheet_and_the_sheet_has_no_solutions(page, server, visit):
    seen = visit().open(f"{server}/{page}").page
    asked = seen.locator(".admonition.exercise").count()
    seen.get_by_role("link", name="Exercise sheet", exact=True).click()
    seen.wait_for_load_state()
    assert seen.locator(".sheet-exercise").count() == asked >= 6
    assert seen.locator(".solution, div.highlight-ipython3").count() == 0


def test_colab_is_offered_where_there_is_a_repository():
    links = module(ROOT / "book" / "_ext" / "take_away.py").links
    documents = {"book/exercises/05_x"}
    assert [label for label, *_ in links("chapters/05_x", "", documents)] == [
        "Download the notebook", "Exercise sheet",
    ]  # fmt: skip
    label, address, _ = links("chapters/05_x", "github.com/someone/book", set())[-1]
    assert label == "Open in Colab"
    assert address == (
        "https://colab.research.google.com/github/someone/book/blob/main/chapters/05_x.ipynb"
    )
    assert len(links("chapters/05_x", "gitlab.com/someone/book", set())) == 1


def test_pages_come_out_on_paper(press, site, chromium, monkeypatch):
    """Titles, running numbers, bookmarks, links within; a chapter with its solutions open."""
    monkeypatch.setattr(press, "SITE", site)
    names = [(0, "book/intro"), (0, "chapters/04_gpt3"), (1, "book/presets")]
    monkeypatch.setattr(press, "contents", lambda: iter(names))
    parts = press.print_all(chromium)
    paper = io.BytesIO()
    press.join(parts).write(paper)
    book = PdfReader(paper)
    chapter, presets = (len(parts[0].sheets.pages), len(book.pages) - len(parts[2].sheets.pages))
    assert 20 < len(book.pages) < 60
    for number, sheet in enumerate(book.pages, 1):
        assert sheet.extract_text().startswith(f"{number}Pretrained")
    assert "GPT-3: frozen weights" in book.pages[chapter].extract_text()
    whole = "".join(sheet.extract_text() for sheet in book.pages)
    for piece in ("174,604,259,328", "Find the bug: one place too late", "Solution"):
        assert piece in whole
    assert "Download the notebook" not in whole
    first, second = book.outline[:2]
    assert book.get_destination_page_number(first) == 0
    assert book.get_destination_page_number(second) == chapter
    assert book.outline[2][0].title == "Presets"
    links = [note.get_object() for sheet in book.pages for note in sheet.get("/Annots", [])]
    places = [link["/Dest"][0].indirect_reference for link in links if "/Dest" in link]
    assert book.pages[presets].indirect_reference in places
    assert not [link for link in links if "file:" in str(link.get("/A", ""))]
    assert not [fault for fault in press.faults(book) if "empty" in fault]


def test_a_letter_without_a_glyph_and_an_empty_page_are_noticed(press, chromium):
    page = chromium.new_page()
    page.set_content("<p>seen \U0010fffd<div style='break-before: page; height: 1px'>")
    found = press.faults(PdfReader(io.BytesIO(page.pdf())))
    page.close()
    assert found[0].startswith("page 1: no glyph in 'seen ▯")
    assert found[1] == "page 2 is empty"


@pytest.mark.slow
def test_the_whole_book_comes_out(press, site, chromium, monkeypatch, tmp_path):
    monkeypatch.setattr(press, "SITE", site)
    parts = press.print_all(chromium)
    assert len(parts) == len(list(press.contents()))
    paper = io.BytesIO()
    press.join(parts).write(paper)
    book = PdfReader(paper)
    assert len(book.pages) > 30 * len(CHAPTERS)
    assert not press.faults(book)


def test_the_site_fits_into_one_file_the_same_each_time(tmp_path):
    pack = module(ROOT / "scripts" / "zip_site.py").zip_site
    site = tmp_path / "site"
    (site / "deep").mkdir(parents=True)
    (site / "index.html").write_text("<p>hello")
    (site / "deep" / "a.js").write_text("1")
    assert pack(site, tmp_path / "one.zip") == pack(site, tmp_path / "two.zip") == 2
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == ["pretrained/deep/a.js", "pretrained/index.html"]
        assert archive.read("pretrained/index.html") == b"<p>hello"
