"""The built site as one zip file, the same bytes for the same pages: unpack, open index.html."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SITE = Path(os.environ.get("BOOK_HTML", ROOT / "_build" / "html"))
FOLDER = "pretrained"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip file can hold


def zip_site(site: Path, out: Path) -> int:
    """Write ``out`` and return the number of files in it."""
    files = sorted(path for path in site.rglob("*") if path.is_file())
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files:
            name = f"{FOLDER}/{path.relative_to(site).as_posix()}"
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return len(files)


def main() -> None:
    """Zip the built site and say what came out."""
    out = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "_build" / "pretrained-site.zip")
    if not (SITE / "index.html").exists():
        raise SystemExit(f"build the book first: make book ({SITE} has no index.html)")
    number = zip_site(SITE, out)
    print(f"{out}: {number} files, {out.stat().st_size / 1e6:.1f} MB; open {FOLDER}/index.html")


if __name__ == "__main__":
    main()
