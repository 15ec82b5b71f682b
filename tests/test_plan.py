"""The page that plans a real run says what the formulas say, and its code runs."""

import re
import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "book" / "scaling_up.md").read_text("utf-8")


def test_the_tables_are_the_script_s():
    plan = runpy.run_path(str(ROOT / "scripts" / "plan.py"))
    for row in [*plan["memory_table"](), *plan["time_table"]()]:
        assert row in PAGE
    texts, tokens = plan["TEXTS"], plan["TOKENS"]
    for one, command in zip(
        plan["PLANS"], re.findall(r"torchrun(?:.|\n)*?--out", PAGE), strict=True
    ):
        assert f"--preset {one.name} " in command
        assert f"--batch-size {texts} --accumulate {one.accumulate} " in command
        assert f"--steps {round(tokens / texts / plan['LENGTH'])} " in command


def test_the_check_on_the_share_adds_up():
    plan = runpy.run_path(str(ROOT / "scripts" / "plan.py"))
    days = plan["PLANS"][0].hours / 24 * 600_000 * 491_520 / plan["TOKENS"]
    assert f"gives {days:.1f} days" in PAGE


def test_the_page_s_code_writes_shards(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(code, "scaling_up.md", "exec"), {})
    assert (tmp_path / "shards" / "index.json").is_file()
