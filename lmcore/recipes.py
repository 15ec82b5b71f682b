"""Recipes by name: the papers' for pre-training, a tutorial's, and the one this book trains by.

Warm-up is a share of all steps here, where the papers count updates: what each printed is in the
comments. ALBERT's LAMB is not among them, since PyTorch has none.
"""

from __future__ import annotations

from lmcore.recipe import Recipe

# Section 4.1: Adam, peak 2.5e-4, 2,000 updates of warm-up out of about 1M by BERT's count
# (appendix A.4), cosine to 0, decoupled weight decay 0.01 on all but biases and gains.
GPT1_RECIPE = Recipe(learning_rate=2.5e-4, warmup=0.002)
# Section 4.1: 6.25e-5, linear decay, warm-up over 0.2 % of training.
GPT1_FINETUNING = Recipe(learning_rate=6.25e-5, warmup=0.002, decay="linear")

RECIPES: dict[str, Recipe] = {
    # Chosen by what is learned in a given time on a CPU, at 24 windows of 64 bytes a step
    # (scripts/studies/byte_recipe.py).
    "book": Recipe(
        learning_rate=8e-3, warmup=0.05, decay="linear", betas=(0.9, 0.99), optimizer="muon",
    ),
    # What small-GPT tutorials print: 100 of 2,000 steps of warm-up, a cosine to a tenth.
    "plain-adamw": Recipe(
        learning_rate=1e-3, warmup=0.05, floor=0.1, weight_decay=0.1, betas=(0.9, 0.99),
    ),
    "gpt1": GPT1_RECIPE,
    # Appendix A.2: 1e-4, 10,000 of 1M updates of warm-up, linear; eps from the authors' code,
    # which leaves out Adam's bias correction.
    "bert": Recipe(learning_rate=1e-4, warmup=0.01, decay="linear", eps=1e-6),
    # Table 2.1 and appendix B: 6e-4, 375M of 300B tokens of warm-up, a cosine to a tenth at 260B.
    "gpt3-125m": Recipe(
        learning_rate=6e-4, warmup=0.00125, floor=0.1, weight_decay=0.1, betas=(0.9, 0.95),
    ),
    # Appendix A, table 6: 10,000 updates of warm-up, of 1M and of 766,000; linear.
    "electra-small": Recipe(learning_rate=5e-4, warmup=0.01, decay="linear", eps=1e-6),
    "electra-base": Recipe(learning_rate=2e-4, warmup=0.013, decay="linear", eps=1e-6),
}  # fmt: skip
