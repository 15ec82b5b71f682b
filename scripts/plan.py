"""What a real run would take, by formula: the tables of book/scaling_up.md. Nothing is measured.

``python scripts/plan.py`` prints them; a test compares them with the page.
"""

from __future__ import annotations

from dataclasses import dataclass

from lmcore import Config, ledger, preset

GPUS, PEAK, MEMORY = 8, 312e12, 80  # A100: bf16 operations a second (its data sheet), GB
SHARE_OF_PEAK = 0.3  # an assumption, see the page
LENGTH, TEXTS, TOKENS = 1024, 480, 10e9
GIGA = 1e9


@dataclass(frozen=True)
class Plan:
    """One model on so many texts a GPU at a time."""

    name: str
    texts: int

    @property
    def config(self) -> Config:
        return preset(self.name)

    @property
    def parameters(self) -> int:
        """N, the tied head counted once."""
        return sum(row.parameters for row in ledger(self.config))

    @property
    def accumulate(self) -> int:
        """Pieces of a batch on each GPU."""
        return TEXTS // GPUS // self.texts

    def state(self, *, sharded: bool) -> float:
        """Weights, gradients and AdamW's two moments, four bytes each."""
        return 16 * self.parameters / (GPUS if sharded else 1)

    def activations(self, *, checkpointed: bool) -> float:
        """34 bytes a token, layer and unit of width (Korthikanti et al. 2022, equation 2, its
        attention scores left out, which fused attention never writes); checkpointed, the input of
        each layer and one layer whole."""
        config, tokens = self.config, self.texts * LENGTH
        layers = config.num_layers
        per_layer = 34 * config.hidden_size
        kept = 2 * config.hidden_size * layers + per_layer if checkpointed else per_layer * layers
        return tokens * kept

    @property
    def logits(self) -> float:
        """Once in bf16, and in fp32 their log-softmax and its gradient."""
        return self.texts * LENGTH * self.config.vocab_size * (2 + 4 + 4)

    @property
    def operations(self) -> float:
        """For each token: 6 N, and 12 L H T in attention (Chowdhery et al. 2022, appendix B)."""
        config = self.config
        attention = 12 * config.num_layers * config.hidden_size * LENGTH
        return 6 * self.parameters + attention

    @property
    def hours(self) -> float:
        """For all tokens, at the assumed share of the peak."""
        return TOKENS * self.operations / (GPUS * PEAK * SHARE_OF_PEAK) / 3600


PLANS = (Plan("gpt2", 20), Plan("gpt2-medium", 10))


def memory_table() -> list[str]:
    """Gigabytes on each GPU."""
    rows = [
        "| | state, DDP | FSDP | activations | checkpointed | logits | sum, DDP |",
        "|---|---|---|---|---|---|---|",
    ]
    for plan in PLANS:
        parts = [
            plan.state(sharded=False), plan.state(sharded=True),
            plan.activations(checkpointed=False), plan.activations(checkpointed=True),
            plan.logits,
        ]  # fmt: skip
        total = parts[0] + parts[2] + parts[4]
        numbers = " | ".join(f"{part / GIGA:.1f}" for part in [*parts, total])
        rows.append(f"| `{plan.name}` × {plan.texts} | {numbers} |")
    return rows


def time_table() -> list[str]:
    """Operations and hours."""
    steps = round(TOKENS / (TEXTS * LENGTH))
    rows = [
        "| | parameters | pieces a GPU | steps | operations a token | hours |",
        "|---|---|---|---|---|---|",
    ]
    for plan in PLANS:
        operations = f"{plan.operations / 1e9:.2f} × 10⁹"
        start = f"| `{plan.name}` | {plan.parameters:,} | {plan.accumulate} | {steps:,} "
        rows.append(f"{start}| {operations} | {plan.hours:.1f} |")
    return rows


if __name__ == "__main__":
    print("\n".join([*memory_table(), "", *time_table()]))
