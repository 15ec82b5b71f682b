"""Classic mistakes as patches: each changes lmcore as a hurried hand would, while it is held.

    with BUGS["pooler without tanh"].plant():
        ...  # lmcore has the bug in here

A new objective brings its mistakes along as rows of ``BUGS``, each with the check that must
catch it.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from unittest.mock import patch

import checks
import patches
import torch
import torch.nn.functional as F
from patches import around

import lmcore.attention
import lmcore.distill.base
import lmcore.distill.distilbert
import lmcore.distill.tinybert
import lmcore.hf.load
import lmcore.hf.names
import lmcore.model
import lmcore.models
import lmcore.objectives.masking
import lmcore.objectives.order
import lmcore.recipe
from lmcore import CausalLM, Config, Discriminator, Electra, MaskedLM, Recipe, Transformer
from lmcore.attention import Attention
from lmcore.distill import TinyBERTLoss
from lmcore.encoders import Encoder
from lmcore.model import ACTIVATIONS, Embeddings
from lmcore.objectives import SentencePairs, WholeSentencePairs

GENERATE = import_module("lmcore.generate")  # the package has a function of that name


@dataclass(frozen=True)
class Bug:
    """A mistake: what it is, how to plant it, and the check that must catch it."""

    description: str
    plant: Callable[[], AbstractContextManager]
    check: Callable[[], None]


PARITY = checks.agrees_with_transformers
BUGS = {
    "mask off by one": Bug(
        "each position also sees the next one",
        around(lmcore.model, "build_mask", patches.sees_one_ahead),
        checks.no_position_sees_the_future,
    ),
    "leak through the cache": Bug(
        "new tokens behind a cache see each other's future",
        around(lmcore.model, "build_mask", patches.forgets_order_behind_a_cache),
        checks.cache_equals_no_cache,
    ),
    "padding is attended to": Bug(
        "the attention mask never reaches the trunk",
        around(Encoder, "hidden", lambda old: lambda self, batch: old(
            self, {k: v for k, v in batch.items() if k != "attention_mask"})),
        checks.padding_changes_no_real_position,
    ),
    "padding in the mean": Bug(
        "the loss averages over padded targets too",
        around(lmcore.models, "next_token_loss",
               lambda old: lambda logits, targets, real: old(logits, targets, None)),
        checks.loss_is_the_mean_over_real_next_tokens,
    ),
    "label shift forgotten": Bug(
        "each token is predicted from itself",
        around(CausalLM, "loss", patches.without_shift),
        checks.loss_is_the_mean_over_real_next_tokens,
    ),
    "loss everywhere": Bug(
        "the masked loss counts every position",
        around(MaskedLM, "loss", patches.all_positions),
        checks.loss_is_the_mean_over_masked_tokens,
    ),
    "reads the padding": Bug(
        "the classifier reads the last position, real or not",
        around(lmcore.models, "last_real", lambda old: lambda hidden, real: hidden[:, -1]),
        checks.classifier_reads_the_last_real_token,
    ),
    "head copied, not tied": Bug(
        "the output matrix starts equal to the token table and then goes its own way",
        around(CausalLM, "__init__", patches.copies_the_head),
        checks.head_is_the_token_table,
    ),
    "positions from 1": Bug(
        "the first token gets the second row of the position table",
        around(Embeddings, "forward", lambda old: lambda self, ids, segments, start: old(
            self, ids, segments, start + 1)),
        checks.positions_start_at_0,
    ),
    "dropout alive in eval": Bug(
        "attention drops its shares although nothing is trained",
        around(Attention, "forward", patches.stays_in_training),
        checks.eval_mode_repeats_itself,
    ),
    "erf for tanh": Bug(
        "GPT-2 runs with BERT's exact GELU",
        lambda: patch.dict(ACTIVATIONS, gelu_tanh=F.gelu),
        PARITY("gpt2 lm"),
    ),
    "final norm forgotten": Bug(
        "a pre-norm trunk ends without its last LayerNorm",
        around(Transformer, "forward", patches.without("final_norm")),
        PARITY("gpt2 lm"),
    ),
    "Conv1D not transposed": Bug(
        "the one square matrix of a GPT block is read as it lies: its shape fits either way",
        around(lmcore.hf.names, "_is_transposed", patches.square_stays_as_it_is),
        PARITY("gpt2 lm"),
    ),
    "no 1/sqrt(D)": Bug(
        "attention scores are not divided by the root of the head size",
        lambda: patch.object(lmcore.attention, "F", patches.undoes_the_scale(F)),
        PARITY("bert lm"),
    ),
    "wrong eps": Bug(
        "BERT's LayerNorms get PyTorch's epsilon, 1e-5 for 1e-12",
        around(lmcore.hf.load, "read_config",
               lambda old: lambda theirs: old(theirs).replace(norm_eps=1e-5)),
        PARITY("bert lm"),
    ),
    "segments ignored": Bug(
        "every token counts as a token of the first text",
        around(Embeddings, "forward", lambda old: lambda self, ids, segments, start: old(
            self, ids, None, start)),
        PARITY("bert pair"),
    ),
    "pooler without tanh": Bug(
        "the pooled state is the dense layer's bare output",
        around(Transformer, "pool", lambda old: lambda self, hidden: self.pooler(hidden[:, 0])),
        PARITY("bert pair"),
    ),
    "layers share in turns": Bug(
        "ALBERT's groups alternate (0 1 0 1) where they should follow each other (0 0 1 1)",
        around(Config, "block_of_layer", lambda old: lambda self, layer: layer % self.num_groups),
        PARITY("albert two groups"),
    ),
    "shared block copied": Bug(
        "every layer gets a copy of the shared block, which then goes its own way",
        around(Transformer, "__init__", lambda old: lambda self, config: old(
            self, config.replace(num_groups=config.num_layers // config.layers_per_group))),
        checks.shared_layers_are_one_block,
    ),
    "head without activation": Bug(
        "ELECTRA's discriminator head is two linear maps in a row",
        around(Discriminator, "forward", lambda old: lambda self, batch: self.predict(
            self.dense(self.hidden(batch))).squeeze(-1)),
        PARITY("electra discriminator"),
    ),
    "decay on everything": Bug(
        "weight decay shrinks LayerNorms and biases too",
        around(lmcore.recipe, "build_optimizer", patches.decays_everything),
        checks.decay_spares_vectors,
    ),
    "warm-up off by one": Bug(
        "the first step has a rate of 0, the peak comes a step late",
        around(Recipe, "rate", lambda old: lambda self, step, steps: (
            0.0 if step == 0 else old(self, step - 1, steps))),
        checks.warmup_ends_at_the_peak,
    ),
    "gradients pile up": Bug(
        "nobody calls zero_grad",
        around(torch.optim.Optimizer, "zero_grad", lambda old: lambda self, set_to_none=True: None),
        checks.a_step_forgets_the_last_gradient,
    ),
    "special tokens masked": Bug(
        "[CLS] and [SEP] are hidden and guessed like words",
        around(lmcore.objectives.masking, "mask_tokens", patches.masks_special_tokens),
        checks.special_tokens_stay,
    ),
    "always [MASK]": Bug(
        "none of the chosen tokens stays or becomes another word",
        around(lmcore.objectives.masking, "_corrupt",
               lambda old: lambda original, masking, generator: torch.full_like(
                   original, masking.mask_id)),
        checks.of_the_chosen_a_tenth_stays,
    ),
    "negative from the same document": Bug(
        "a text's own sentences serve as its wrong continuation",
        around(SentencePairs, "pair", patches.draws_from_the_same_document),
        checks.a_negative_pair_is_of_two_documents,
    ),
    "order from another document": Bug(
        "a swapped pair is none: its second text is of another document",
        around(WholeSentencePairs, "pair", lambda old: lambda self, label, contrast, generator: old(
            self, label, "next", generator)),
        checks.a_swap_keeps_both_texts,
    ),
    "texts cut to fit": Bug(
        "a text that is too long is cut where the room ends, so that its cut end tells its place",
        around(lmcore.objectives.order, "_whole", patches.cuts_the_last_sentence),
        checks.texts_of_a_pair_end_with_a_sentence,
    ),
    "heat multiplies": Bug(
        "logits are multiplied by the temperature where they should be divided",
        around(GENERATE, "pick", lambda old: lambda logits, heat, *rest: old(
            logits, 1 / heat, *rest)),
        checks.heat_flattens,
    ),
    "lucky draws count as replaced": Bug(
        "whatever the generator filled in is labeled as replaced, the right token too",
        around(Electra, "replace", patches.counts_every_draw),
        checks.a_lucky_draw_is_an_original,
    ),
    "the generator is paid for deceit": Bug(
        "the discriminator's loss reaches the generator through the odds of its draws",
        around(Electra, "losses", patches.pays_for_deceit),
        checks.the_discriminator_sends_the_generator_nothing,
    ),
    "padding is judged": Bug(
        "the discriminator's loss averages over padding too",
        around(Discriminator, "loss", patches.judges_padding),
        checks.padding_is_not_judged,
    ),
    "embeddings not shared": Bug(
        "generator and discriminator begin with equal tables at best, and then go their own ways",
        around(Electra, "__init__", patches.keeps_its_own_embeddings),
        checks.generator_and_discriminator_read_one_table,
    ),
    "T² forgotten": Bug(
        "soft targets weigh less the hotter they are",
        around(lmcore.distill.distilbert, "soft_target_loss",
               lambda old: lambda student, teacher, heat, *keep: old(
                   student, teacher, heat, *keep) / heat**2),
        checks.soft_targets_are_t_squared_kl_from_teacher_to_student,
    ),
    "KL the wrong way round": Bug(
        "the divergence is taken from the student to the teacher",
        around(lmcore.distill.distilbert, "soft_target_loss",
               lambda old: lambda student, teacher, *more: old(teacher, student, *more)),
        checks.soft_targets_are_t_squared_kl_from_teacher_to_student,
    ),
    "the teacher learns too": Bug(
        "nobody freezes the teacher, who meets the student halfway",
        around(lmcore.distill.base, "freeze", lambda old: lambda teacher: teacher),
        checks.the_teacher_gets_no_gradient,
    ),
    "padding imitated (DistilBERT)": Bug(
        "soft targets and cosine average over padding too",
        around(lmcore.distill.distilbert, "real_tokens", patches.counts_padding),
        checks.distilbert_does_not_count_padding,
    ),
    "padding imitated (TinyBERT)": Bug(
        "states and scores at padding are imitated too, as in the paper's own code",
        around(lmcore.distill.tinybert, "real_tokens", patches.counts_padding),
        checks.tinybert_does_not_count_padding,
    ),
    "layer map off by one": Bug(
        "counted from 0 here and from 1 there: the teacher's last layer is imitated by none",
        around(TinyBERTLoss, "parts", patches.reads_the_layer_before),
        checks.the_last_layer_imitates_the_last,
    ),
}  # fmt: skip
