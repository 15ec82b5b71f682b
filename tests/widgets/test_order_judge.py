"""The judge of pairs says in the page what torch says."""

import base64

import pytest
import torch
from node import needs_node, run, script

from lmcore import CausalLM, MaskedLM, Tokenizer, preset
from lmcore.objectives import PairPacking
from lmcore.widgets import OrderJudge, PageModel, pack_model
from lmcore.widgets.page_model import MODEL_SCRIPTS

TOKENIZER = Tokenizer.of_wordpieces(["first", "boat", "wave", "last", "oven"])
PAIR = ("first boat wave", "last wave boat oven")


def albert(pair_head=True):
    torch.manual_seed(0)
    config = preset("albert-mini").replace(
        vocab_size=len(TOKENIZER), context_length=16, hidden_size=32, feed_forward_size=64
    )
    model = MaskedLM(config, pair_head=pair_head).eval()
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
        parameter.data = parameter.data.half().float()  # what fp16 holds exactly
    return model


@needs_node
@pytest.mark.parametrize("pair", [PAIR, PAIR[::-1], ("boat", "first last boat wave oven boat")])
def test_an_albert_in_the_page_judges_as_torch_does(pair, tmp_path):
    model = albert()
    manifest, payload = pack_model(model, "float16")
    code = """
    const payload = Buffer.from(given.payload, "base64");
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    const model = openTransformer(given.manifest.config, unpack(given.manifest, view));
    const pair = packPair(openTokenizer(given.tokenizer), 16, ...given.pair);
    say({ pair, p: follows(model, pair) });
    """
    found = run(
        tmp_path, ["dom.js", *MODEL_SCRIPTS, "sampling.js"], script("order_judge.js") + code,
        payload=base64.b64encode(payload).decode(), manifest=manifest, pair=pair,
        tokenizer=TOKENIZER.to_json(),
    )  # fmt: skip
    packing = PairPacking(TOKENIZER.id_of("[CLS]"), TOKENIZER.id_of("[SEP]"), 16)
    batch = packing.batch([packing(*map(TOKENIZER.encode, pair))])
    assert found["pair"]["ids"] == batch["input_ids"][0].tolist()
    assert found["pair"]["segments"] == batch["segment_ids"][0].tolist()
    with torch.no_grad():
        expected = model.pair_logits(model.hidden(batch)).softmax(-1)[0, 0].item()
    assert found["p"] == pytest.approx(expected, abs=1e-5)


@needs_node
def test_words_outside_the_vocabulary_and_long_texts_are_told(tmp_path):
    code = "say(packPair(openTokenizer(given.tokenizer), 9, 'boat ship wave wave', 'last'));"
    found = run(
        tmp_path, ["dom.js", *MODEL_SCRIPTS], script("order_judge.js") + code,
        tokenizer=TOKENIZER.to_json(),
    )  # fmt: skip
    assert found["unknown"] == 1
    assert found["cut"]
    assert len(found["ids"]) == 7  # 3 markers, 3 of A, 1 of B


@needs_node
def test_the_reading_follows_both_verdicts(tmp_path):
    code = "say([[.9, .9], [.1, .9], [.5, .1]].map(([a, b]) => reading(a, b)));"
    both, swapped, unsure = run(tmp_path, ["dom.js"], script("order_judge.js") + code)
    assert "in their order; the next-sentence model takes B for A's" in both
    assert "B came before A; the next-sentence model takes B for A's" in swapped
    assert "cannot tell which came first; the next-sentence model says that B is of" in unsure


def test_what_cannot_judge_is_refused():
    lone = PageModel("albert", albert(pair_head=False), TOKENIZER)
    with pytest.raises(ValueError, match="albert judges no pairs"):
        OrderJudge(lone, {"one": PAIR})
    causal = CausalLM(preset("gpt-mini").replace(vocab_size=len(TOKENIZER)))
    good = PageModel("albert", albert(), TOKENIZER)
    with pytest.raises(ValueError, match="gpt judges no pairs"):
        OrderJudge(good, {"one": PAIR}, next_model=PageModel("gpt", causal, TOKENIZER))
    with pytest.raises(ValueError, match="no examples"):
        OrderJudge(good, {})
