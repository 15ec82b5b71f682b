"""The built book, a server for it on loopback, and a visit to one of its pages."""

import contextlib
import functools
import http.server
import os
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(os.environ.get("BOOK_HTML", ROOT / "_build" / "html"))


@pytest.fixture(scope="session")
def site():
    if not (SITE / "index.html").exists():
        pytest.fail(f"build the book first: make book ({SITE} has no index.html)", pytrace=False)
    return SITE


@pytest.fixture(scope="session")
def server(site):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

        def copyfile(self, source, outputfile):
            with contextlib.suppress(ConnectionError):  # a page may be left while it loads
                super().copyfile(source, outputfile)

    handler = functools.partial(Quiet, directory=str(site))
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()


class Visit:
    """A page with what it asked for and what it complained of."""

    def __init__(self, page):
        self.page, self.requests, self.errors = page, [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)

    def open(self, url):
        self.page.goto(url, wait_until="load")
        if self.page.locator('script[type="application/vnd.jupyter.widget-view+json"]').count():
            self.page.wait_for_selector("html[data-widgets=ready]", state="attached")
        if self.page.locator('script[type="text/later"]').count():
            self.page.wait_for_selector("html[data-math=ready]", state="attached")
        return self

    def external(self, allowed):
        inside = (allowed, "data:", "blob:")
        return [url for url in self.requests if not url.startswith(inside)]


@pytest.fixture
def visit(chromium):
    pages = []

    def start(**options):
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        pages.append(context)
        return Visit(context.new_page())

    yield start
    for context in pages:
        context.close()
