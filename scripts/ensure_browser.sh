#!/usr/bin/env bash
# The page tests need a Chromium: use the one there is, else get one, else say how. $1: the venv's bin.
set -euo pipefail
# The printed book has Korean terms and symbols: fonts for them, where they can be had without asking.
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && ! fc-list :lang=ko 2>/dev/null | grep -q .; then
  apt-get update -qq && apt-get install -y -qq fonts-nanum fonts-noto-color-emoji >/dev/null
fi
if command -v chromium chromium-browser google-chrome >/dev/null 2>&1; then exit 0; fi
has_own() {
  "$1/python" - <<'PY'
import pathlib, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as p:
    sys.exit(not pathlib.Path(p.chromium.executable_path).exists())
PY
}
if has_own "$1"; then exit 0; fi
echo "== no browser found: installing one for the page tests"
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  apt-get update -qq && apt-get install -y -qq chromium >/dev/null
elif ! "$1/playwright" install chromium; then
  echo "No browser: install Chromium (Debian: sudo apt-get install chromium), then make test." >&2
  exit 1
fi
