"""What a run keeps so as to go on from it: its last two states, each whole or not there at all.

A state is a folder ``state-N``: a checkpoint, the optimizer's tensors, and ``state.json``, which
says of which run it is and what each file's sha256 must be. It is written under another name and
renamed once all of it is on the disk, so that a kill leaves the last one; what rots on the disk
is noticed, and the one before stands in.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lmcore.world import World
from lmcore.writing import write_whole

try:
    import fcntl
except ImportError:  # Windows: nothing keeps a second run out there
    fcntl = None

STATE, LOCK, PARTIAL = "state.json", ".lock", "state.partial"
KEPT = 2


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep every other run out of ``folder``; the system drops the lock with this process.

    Raises ValueError where a run is in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / LOCK, "a") as file:
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(f"{folder} is in use: another run is writing there") from None
        yield


def write_state(
    folder: Path, step: int, content: dict, fill: Callable[[Path], None], world: World
) -> None:
    """Write state ``step`` and drop those behind the last two. ``fill`` puts the files of every
    process into a folder, ``content`` goes with them.

    Raises OSError, naming the state that stands, where the disk will not have it.
    """
    beside, place = folder / PARTIAL, folder / f"state-{step}"
    try:
        world.first(lambda: _make_empty(beside))
        fill(beside)
        world.first(lambda: _finish(beside, place, content))
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise OSError(f"state {step} could not be written ({error}); {standing(folder)}") from None


def find_state(folder: Path, say: Callable[[str], None]) -> tuple[Path, dict] | None:
    """The newest state that is whole, and what its ``state.json`` says; None where there is none
    at all. Says in one line which newer one is not.

    Raises ValueError where there are states and none is whole.
    """
    broken = []
    for place in _states(folder):
        try:
            content = _checked(place)
        except ValueError as error:
            broken.append(error)
            continue
        for error in broken:
            say(f"{error}: falling back on {place.name}")
        return place, content
    if broken:
        raise ValueError(f"{broken[0]}, and no state before it stands")
    return None


def differing(theirs: dict, ours: dict) -> str | None:
    """The first thing in which two runs differ, in few words."""
    for name, value in ours.items():
        if (other := theirs.get(name)) == value:
            continue
        if isinstance(other, dict) and isinstance(value, dict):
            inner = next(n for n in value | other if value.get(n) != other.get(n))
            other, value = other.get(inner), value.get(inner)
            return f"{name} is unlike this one's in {inner}: {other!r}, not {value!r}"
        return f"{name} is {other!r}, not {value!r}"
    return None


def standing(folder: Path) -> str:
    """What there is to go on from, in few words."""
    states = _states(folder)
    return f"{states[0].name} stands" if states else "no state was kept before"


def _states(folder: Path) -> list[Path]:
    """The states in a folder, newest first."""
    found = [path for path in folder.glob("state-*") if path.name[6:].isdecimal()]
    return sorted(found, key=lambda path: -int(path.name[6:]))


def _make_empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def _finish(beside: Path, place: Path, content: dict) -> None:
    sums = {path.name: _sha256(path) for path in sorted(beside.iterdir())}
    text = json.dumps(content | {"sha256": sums}, indent=1)
    write_whole(beside / STATE, (text + "\n").encode())
    for later in _later(place):  # they were found broken, or this would not be written again
        shutil.rmtree(later)
    os.rename(beside, place)
    _sync(place.parent)
    for old in _states(place.parent)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _later(place: Path) -> list[Path]:
    states = _states(place.parent)
    return [path for path in states if int(path.name[6:]) >= int(place.name[6:])]


def _checked(place: Path) -> dict:
    """What a state's ``state.json`` says, once every file is what it says."""
    try:
        content = json.loads((place / STATE).read_text("utf-8"))
        sums = dict(content["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ValueError(f"{place / STATE} is not the state of a run") from None
    for name, wanted in sums.items():
        path = place / Path(name).name
        if not path.is_file() or _sha256(path) != wanted:
            raise ValueError(f"{path} is not what was written")
    return content


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    """Have the folder's entries on the disk, too; what a rename changed lives there."""
    if os.name == "posix":
        number = os.open(folder, os.O_RDONLY)
        os.fsync(number)
        os.close(number)
