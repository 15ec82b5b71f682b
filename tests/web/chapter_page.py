"""A chapter in the browser, from a server and from a disk: what the tests of every chapter open."""

import pytest


def chapter_page(path):
    """A fixture: the page at ``path`` of the built book, its widgets ready, once by each way."""

    @pytest.fixture(params=["http", "file"])
    def page(request, server, site, visit):
        url = f"{server}/{path}" if request.param == "http" else (site / path).as_uri()
        return visit().open(url).page

    return page


def widget(page, name):
    """The first widget of that name."""
    return page.locator(f'.lm-widget[data-name="{name}"]').first
