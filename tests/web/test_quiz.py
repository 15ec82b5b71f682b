"""Each chapter's quiz: whatever is chosen, there is a reason."""

import pytest
from chapter_page import widget
from test_pages import CHAPTERS

pytestmark = pytest.mark.web


@pytest.mark.parametrize("kind", ["http", "file"])
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_quiz_option_has_its_reason(chapter, kind, server, site, visit):
    url = f"{server}/{chapter}" if kind == "http" else (site / chapter).as_uri()
    quiz = widget(visit().open(url).page, "quiz")
    options = quiz.locator("input[type=radio]").all()
    assert options
    for option in options:
        option.check()
        reason = quiz.locator(f'fieldset:has(input[name="{option.get_attribute("name")}"]) p')
        assert len(reason.inner_text()) > 30
