"""Sentence order or next sentence? Each model judged on both tasks, five seeds, two kinds of text.

*generated*: a language in which topic and order stand in words of their own
(lmcore.data.staged_topics). ALBERT's wiring, two layers, 64 wide, from random weights, 800 steps
of 48 pairs, pair loss + 0.3 · masked loss: at weight 1 some seeds of sentence order do not leave
chance in that time.

*wikipedia*: pairs of whole sentences of at most 96 tokens, neighbors in an article. bert-mini's
trunk, since from random weights 400 steps of 16 pairs are spent on the plateau (bert_plateau.py);
its pooler and pair head are drawn anew. Both losses at weight 1, at the rate that suited this
trunk in chapter 2 (bert_finetuning.py). Note that bert-mini has seen next-sentence pairs before.

A model trained on one contrast is asked both, 2,000 pairs each, with the head that it has. Plain
baselines beside them: logistic regression over lengths and punctuation, over the words of one text
alone, over those of both, and with the words that the two share.

Writes a row a run to albert_order.csv as it ends; with ``--baselines`` albert_order_baselines.csv
and albert_order_words.csv, which words of a Wikipedia text say that it comes second. Seeds on the
command line leave the others to another process.
"""

from __future__ import annotations

import csv
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from lmcore import MaskedLM, Recipe, Tokenizer, load_checkpoint, preset, train
from lmcore.checkpoint import shipped_checkpoint
from lmcore.data import COMMON, STAGES, TOPICS, load_wikipedia
from lmcore.objectives import Batch, Masking, PairPacking, StagedTopics, WholeSentencePairs

HERE = Path(__file__)
CONTRASTS, SEEDS, JUDGED = ("next", "order"), range(5), 2000
GENERATED_STEPS, WIKIPEDIA_STEPS, MASK_WEIGHT = 800, 400, 0.3
RECIPE = Recipe(learning_rate=3e-3, warmup=0.1, decay="linear", betas=(0.9, 0.98))
MARKERS = ("[PAD]", "[CLS]", "[SEP]", "[MASK]")
WORDS = (*MARKERS, *COMMON, *STAGES, *(word for words in TOPICS.values() for word in words))
STOPS = (".", ",")


class PairsFirst(nn.Module):
    """A masked language model whose masked loss counts ``weight``."""

    def __init__(self, model: MaskedLM, weight: float) -> None:
        super().__init__()
        self.model, self.weight, self.config = model, weight, model.config

    def loss(self, batch: Batch) -> Tensor:
        hidden = self.model.hidden(batch)
        asked = hidden.flatten(0, 1)[batch["masked_positions"]]  # (M, H)
        masked = F.cross_entropy(self.model.project(asked), batch["masked_ids"])
        pair = F.cross_entropy(self.model.pair_logits(hidden), batch["pair_labels"])
        return pair + self.weight * masked


def generated_text() -> tuple[StagedTopics, Masking]:
    """The generated language, and its rule of masking."""
    number = {word: i for i, word in enumerate(WORDS)}
    topics = torch.tensor([[number[word] for word in words] for words in TOPICS.values()])
    common, stages = (torch.tensor([number[w] for w in words]) for words in (COMMON, STAGES))
    masking = Masking(mask_id=3, vocab_size=len(WORDS), special_ids=tuple(range(len(MARKERS))))
    return StagedTopics(topics, common, stages, cls_id=1, sep_id=2), masking


def wikipedia_text(split: str) -> tuple[WholeSentencePairs, Masking]:
    """Pairs of whole sentences of the articles, and the rule of masking."""
    tokenizer = Tokenizer.load("wordpiece-2048")
    packing = PairPacking(tokenizer.id_of("[CLS]"), tokenizer.id_of("[SEP]"), 96)
    masking = Masking(
        mask_id=tokenizer.id_of("[MASK]"), vocab_size=len(tokenizer),
        special_ids=tuple(tokenizer.special_ids.values()),
    )  # fmt: skip
    documents = (d.sentences for d in load_wikipedia(split))
    return WholeSentencePairs.encode(documents, tokenizer, packing), masking


@torch.no_grad()
def judge(model: MaskedLM, pairs: StagedTopics | WholeSentencePairs, contrast: str) -> float:
    """The share of unmasked pairs that the model's own head labels rightly."""
    right = 0
    for number in range(JUDGED // 100):
        batch = pairs.batches(100, 999, None, contrast)[number]
        found = model.pair_logits(model.hidden(batch)).argmax(-1)
        right += (found == batch["pair_labels"]).sum().item()
    return right / JUDGED


def on_generated(contrast: str, seed: int) -> MaskedLM:
    """A small ALBERT, trained from random weights on one contrast."""
    pairs, masking = generated_text()
    torch.manual_seed(seed)
    model = MaskedLM(
        preset("albert-mini").replace(
            vocab_size=len(WORDS), context_length=19, num_layers=2, hidden_size=64,
            feed_forward_size=256, init_std=0.125,
        ),
        pair_head=True,
    )  # fmt: skip
    batches = pairs.batches(48, seed, masking, contrast)
    train(
        PairsFirst(model, MASK_WEIGHT), batches, steps=GENERATED_STEPS, recipe=RECIPE, device="cpu"
    )
    return model


def on_wikipedia(contrast: str, seed: int) -> MaskedLM:
    """bert-mini, gone on with one contrast."""
    pairs, masking = wikipedia_text("train")
    torch.manual_seed(seed)
    model = load_checkpoint(shipped_checkpoint("bert-mini"))
    for layer in (model.transformer.pooler, model.pair):
        nn.init.normal_(layer.weight, std=model.config.init_std)
        nn.init.zeros_(layer.bias)
    batches = pairs.batches(16, seed, masking, contrast)
    recipe = RECIPE.replace(learning_rate=1e-3)
    train(model, batches, steps=WIKIPEDIA_STEPS, recipe=recipe, device="cpu")
    return model


def words_of(batch: Batch, size: int, segment: int, special: tuple[int, ...]) -> csr_matrix:
    """How often each of ``size`` tokens stands in a segment of each pair, (pairs, size)."""
    ids = batch["input_ids"]
    kept = (batch["segment_ids"] == segment) & batch["attention_mask"]
    kept &= ~torch.isin(ids, torch.tensor(special))
    rows, places = kept.nonzero(as_tuple=True)
    columns = ids[rows, places].numpy()
    return csr_matrix((np.ones(len(columns)), (rows.numpy(), columns)), (len(ids), size))


def baselines(text: str) -> list[dict]:
    """What logistic regression makes of parts of the pairs, by contrast."""
    if text == "generated":
        (train_pairs, masking), stops = generated_text(), []
        test_pairs = train_pairs
    else:
        (train_pairs, masking), (test_pairs, _) = wikipedia_text("train"), wikipedia_text("test")
        tokenizer = Tokenizer.load("wordpiece-2048")
        stops = [tokenizer.id_of(mark) for mark in STOPS]

    def features(batch: Batch) -> dict[str, csr_matrix]:
        first, second = (
            words_of(batch, masking.vocab_size, s, masking.special_ids) for s in (0, 1)
        )
        shape = [np.stack([part.sum(1).A1, *(part[:, [i]].toarray()[:, 0] for i in stops)], 1)
                 for part in (first, second)]  # fmt: skip
        shared = first.minimum(second)
        return {
            "lengths and punctuation": csr_matrix(np.concatenate(shape, 1)),
            "the words of A": first,
            "the words of B": second,
            "the words of both": hstack([first, second]).tocsr(),
            "and those they share": hstack([first, second, shared, shared.sum(1)]).tocsr(),
        }

    rows = []
    for contrast in CONTRASTS:
        learned = train_pairs.batches(8000, 0, None, contrast)[0]
        asked = test_pairs.batches(JUDGED, 999, None, contrast)[0]
        seen, shown = features(learned), features(asked)
        for name in seen:
            classifier = LogisticRegression(C=0.1, max_iter=2000)
            classifier.fit(seen[name], learned["pair_labels"])
            right = classifier.score(shown[name], asked["pair_labels"])
            rows.append({"text": text, "baseline": name, "task": contrast, "right": right})
    return rows


def telling_words(most: int = 20) -> list[dict]:
    """The words of A that say most, each way, that it is the second text: of those in at least
    150 of 8,000 pairs. Above 0 they say so."""
    pairs, masking = wikipedia_text("train")
    tokenizer = Tokenizer.load("wordpiece-2048")
    batch = pairs.batches(8000, 0, None, "order")[0]
    words = words_of(batch, masking.vocab_size, 0, masking.special_ids)
    weights = LogisticRegression(C=0.1, max_iter=2000).fit(words, batch["pair_labels"]).coef_[0]
    common = np.flatnonzero((words > 0).sum(0).A1 >= 150)
    ranked = common[weights[common].argsort()].tolist()
    chosen = [*ranked[:most], *ranked[-most:]]
    return [{"word": tokenizer.token_of(i), "weight": round(weights[i], 3)} for i in chosen]


def write(name: str, rows: list[dict]) -> None:
    """A table beside this file."""
    with HERE.with_name(name).open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Run what is not yet in the table, or the baselines."""
    torch.set_num_threads(1)
    if "--baselines" in sys.argv:
        found = [row for text in ("generated", "wikipedia") for row in baselines(text)]
        write("albert_order_baselines.csv", found)
        write("albert_order_words.csv", telling_words())
        return
    path = HERE.with_suffix(".csv")
    header = ["text", "trained on", "seed", "next", "order", "cpu seconds"]
    done = set()
    if path.exists():
        done = {tuple(row[:3]) for row in csv.reader(path.open())}
    else:
        path.write_text(",".join(header) + "\n")
    texts = {"generated": (on_generated, generated_text()[0])}
    texts["wikipedia"] = (on_wikipedia, wikipedia_text("test")[0])
    seeds = [int(seed) for seed in sys.argv[1:]] or SEEDS
    for text, (learn, test) in texts.items():
        for seed in seeds:
            for contrast in CONTRASTS:
                if (text, contrast, str(seed)) in done:
                    continue
                begin = time.process_time()
                model = learn(contrast, seed)
                seconds = round(time.process_time() - begin, 1)
                scores = [judge(model, test, asked) for asked in CONTRASTS]
                with path.open("a", newline="") as file:
                    csv.writer(file).writerow([text, contrast, seed, *scores, seconds])


if __name__ == "__main__":
    main()
