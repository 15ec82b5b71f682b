"""The page's engine against onnxruntime-web: the same models, one browser, in turn.

``pip install -r benchmarks/requirements.txt``, ``npm install --no-save onnxruntime-web@1.30.0``,
then ``python benchmarks/page_engine.py [DIST] [ROUNDS]``. It writes ``page_engine.json``. One
thread on both sides: a page from a disk may have no more.
"""

from __future__ import annotations

import base64
import functools
import http.server
import json
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from unittest.mock import patch

import torch
from playwright.sync_api import sync_playwright
from torch import Tensor, nn

from lmcore import Cache, CausalLM, MaskedLM, load_checkpoint, preset
from lmcore.attention import Mask
from lmcore.checkpoint import shipped_checkpoint
from lmcore.widgets import pack_model
from lmcore.widgets.base import compose
from lmcore.widgets.page_model import MODEL_SCRIPTS

HERE = Path(__file__).resolve().parent
PAGE = """<!doctype html><script src="ort/ort.wasm.min.js"></script>
<script type="module">{engine}
const given = await (await fetch("models.json")).json();
{measure}
document.title = "ready";</script>"""


class Encoder(nn.Module):
    """Ids (1, T) to hidden states (1, T, H)."""

    def __init__(self, model: MaskedLM) -> None:
        super().__init__()
        self.trunk = model.transformer

    def forward(self, ids: Tensor) -> Tensor:
        return self.trunk(ids)


class Decoder(nn.Module):
    """Ids (1, T) and keys and values (L, 2, 1, A, P, D) to logits (1, V), and those of P + T."""

    def __init__(self, model: CausalLM) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, past: Tensor | None = None) -> tuple[Tensor, Tensor]:
        cache = Cache([] if past is None else [(layer[0], layer[1]) for layer in past])
        hidden = self.model.transformer(ids, cache=cache)
        table = self.model.transformer.embeddings.token.weight
        present = torch.stack([torch.stack(pair) for pair in cache.layers])
        return hidden[:, -1] @ table.T, present


def export(folder: Path, encoder: MaskedLM, decoder: CausalLM) -> None:
    """The ONNX files, with lengths left open."""
    length, past = torch.export.Dim("T", min=2, max=127), torch.export.Dim("P", min=2, max=126)
    ids, one = torch.zeros(1, 9, dtype=torch.long), torch.zeros(1, 1, dtype=torch.long)
    config = decoder.config
    held = torch.zeros(config.num_layers, 2, 1, config.num_heads, 9, config.head_size)
    write(folder / "encoder.onnx", Encoder(encoder), {"ids": ids}, ["hidden"], ({1: length},))
    answers = ["logits", "present"]
    write(folder / "prompt.onnx", Decoder(decoder), {"ids": ids}, answers, ({1: length},))
    # A single token may look at all that came before: an open length must not ask again.
    with patch("lmcore.model.build_mask", lambda *asked: Mask(None, is_causal=False)):
        inputs = {"ids": one, "past": held}
        write(folder / "step.onnx", Decoder(decoder), inputs, answers, (None, {4: past}))


def write(
    path: Path, module: nn.Module, inputs: dict[str, Tensor], outputs: list[str], shapes: tuple
) -> None:
    """One ONNX file."""
    torch.onnx.export(
        module.eval(), tuple(inputs.values()), path, input_names=list(inputs),
        output_names=outputs, dynamic_shapes=shapes, external_data=False, verbose=False,
    )  # fmt: skip


def packed(model: nn.Module) -> dict:
    """A model as the page has it: weights in fp16."""
    manifest, payload = pack_model(model)
    return {"manifest": manifest, "payload": base64.b64encode(payload).decode()}


def serve(folder: Path) -> str:
    """Hand out ``folder`` on loopback; its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def main() -> None:
    """Export, measure, write, tell."""
    dist = Path(sys.argv[1] if len(sys.argv) > 1 else "node_modules/onnxruntime-web/dist")
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    torch.manual_seed(0)
    encoder = load_checkpoint(shipped_checkpoint("bert-mini"))
    decoder = CausalLM(preset("gpt2-mini")).half().float()  # what fp16 holds, on both sides
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = Path(place)
        export(folder, encoder, decoder)
        (folder / "ort").symlink_to(dist.resolve())
        models = {"encoder": packed(encoder), "decoder": packed(decoder)}
        (folder / "models.json").write_text(json.dumps(models))
        engine = compose(*MODEL_SCRIPTS, "sampling.js")
        measure = (HERE / "page_engine.js").read_text("utf-8")
        (folder / "index.html").write_text(PAGE.format(engine=engine, measure=measure))
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.set_default_timeout(0)
        page.goto(serve(folder))
        page.wait_for_function("document.title === 'ready'")
        found = page.evaluate("rounds => measure(rounds)", rounds)
        found = {"browser": f"Chromium {browser.version}", "rounds": rounds, **found}
        browser.close()
    (HERE / "page_engine.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
