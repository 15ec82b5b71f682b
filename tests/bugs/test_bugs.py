"""A check that passes while its bug is planted is no check. The table prints at the end."""

import pytest
from plants import BUGS


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_caught_and_leaves_no_trace(name, bug_table):
    bug = BUGS[name]
    bug.check()
    caught = False
    with bug.plant():
        try:
            bug.check()
        except AssertionError:
            caught = True
    bug_table.append((name, bug.check.__name__.replace("_", " "), caught))
    assert caught, f"{name} ({bug.description}) slips past {bug.check.__name__}"
    bug.check()


def test_every_bug_says_what_it_is():
    assert len(BUGS) >= 18
    assert len({bug.description for bug in BUGS.values()}) == len(BUGS)
