"""The built book as one PDF: every page through Chromium's print, joined, with bookmarks.

``python scripts/print_book.py [OUT]`` after ``make book``. It ends with an error where a page came
out empty, a formula was not set, or a letter has no glyph in the fonts of this machine.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from playwright.sync_api import Browser, Page, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject

ROOT = Path(__file__).resolve().parents[1]
SITE = Path(os.environ.get("BOOK_HTML", ROOT / "_build" / "html"))
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Part:
    """A page of the book on paper: its depth in the contents, address, title and sheets."""

    depth: int
    address: str
    title: str
    sheets: PdfReader


def contents(toc: Path = ROOT / "_toc.yml") -> Iterator[tuple[int, str]]:
    """The pages in reading order, (depth, name) each."""
    tree = yaml.safe_load(toc.read_text("utf-8"))
    yield 0, tree["root"]

    def walk(entries: list[dict], depth: int) -> Iterator[tuple[int, str]]:
        for entry in entries:
            if "file" in entry:
                yield depth, entry["file"]
            below = entry.get("chapters", []) + entry.get("sections", [])
            yield from walk(below, depth + ("file" in entry))

    yield from walk(tree["parts"], 0)


def settle(page: Page) -> None:
    """Wait until what a page draws by script is drawn, and open what is folded."""
    if page.locator('script[type="application/vnd.jupyter.widget-view+json"]').count():
        page.wait_for_selector("html[data-widgets=ready]", state="attached")
    if page.locator('script[type="text/later"]').count():
        page.wait_for_selector("html[data-math=ready]", state="attached")
    page.evaluate("document.fonts.ready")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    if page.locator("mjx-merror").count():
        raise SystemExit(f"{page.url}: a formula could not be set")


def printed(page: Page, name: str, begin: int) -> tuple[str, PdfReader]:
    """A page's title and its sheets of paper, numbered from ``begin``."""
    page.goto((SITE / f"{name}.html").as_uri(), wait_until="load")
    settle(page)
    title = page.locator("h1").first.evaluate("h => h.firstChild.textContent").strip()
    page.add_style_tag(content=f"html {{ counter-reset: page {begin - 1} }}")  # @page's number
    return title, PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=True)))


def print_all(browser: Browser) -> list[Part]:
    """Every page of the book on paper."""
    context = browser.new_context(color_scheme="light", viewport={"width": 900, "height": 1200})
    page, parts, number = context.new_page(), [], 1
    for depth, name in contents():
        title, sheets = printed(page, name, number)
        parts.append(Part(depth, (SITE / f"{name}.html").as_uri(), title, sheets))
        number += len(sheets.pages)
    context.close()
    return parts


def join(parts: list[Part]) -> PdfWriter:
    """All sheets in order, a bookmark for each page; links between pages stay inside the book."""
    book, first, parents = PdfWriter(), {}, {}
    for part in parts:
        first[part.address] = len(book.pages)
        book.append(part.sheets, import_outline=False)
        parents[part.depth] = book.add_outline_item(
            title=part.title,
            page_number=first[part.address],
            parent=parents.get(part.depth - 1),
        )
    for sheet in book.pages:
        for annotation in sheet.get("/Annots", []):
            link = annotation.get_object()
            address = str(link.get("/A", {}).get("/URI", "")).split("#")[0]
            if address.startswith("file:"):
                del link["/A"]  # an address on this machine helps nobody else
            if address in first:
                place = book.pages[first[address]].indirect_reference
                link[NameObject("/Dest")] = ArrayObject([place, NameObject("/Fit")])
    book.add_metadata({"/Title": "Pretrained: seven language-model papers you can run"})
    return book


def faults(reader: PdfReader) -> list[str]:
    """Sheets without text, and letters that the machine's fonts lack: pypdf reads them as NUL."""
    found = []
    for number, sheet in enumerate(reader.pages, 1):
        text = sheet.extract_text()
        if not text.strip():
            found.append(f"page {number} is empty")
        for line in text.splitlines():
            if "\x00" in line:
                found.append(f"page {number}: no glyph in {line.replace(chr(0), '▯')[:60]!r}")
    return found


def main() -> None:
    """Print the book and say how it came out."""
    out = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "_build" / "pretrained.pdf")
    if not (SITE / "index.html").exists():
        raise SystemExit(f"build the book first: make book ({SITE} has no index.html)")
    with sync_playwright() as playwright:
        installed = next(filter(None, map(shutil.which, BROWSERS)), None)
        browser = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        parts = print_all(browser)
        browser.close()
    book = join(parts)
    book.write(out)
    print(f"{out}: {len(book.pages)} pages, {out.stat().st_size / 1e6:.1f} MB")
    if found := faults(PdfReader(out)):
        print(*found[:10], sep="\n", file=sys.stderr)
        hint = "on Debian: apt-get install fonts-noto-cjk fonts-noto-color-emoji"
        raise SystemExit(f"{len(found)} faults; missing letters need a font ({hint})")


if __name__ == "__main__":
    main()
