"""How each mistake changes the function that it spoils: the right one in, the wrong one out."""

from types import SimpleNamespace
from unittest.mock import patch

import torch
import torch.nn.functional as F

import lmcore
import lmcore.models
from lmcore.attention import Mask


def around(owner, name, change):
    """Patch ``owner.name`` with ``change(original)``, and put it back afterwards."""
    return lambda: patch.object(owner, name, change(getattr(owner, name)))


def sees_one_ahead(original):
    def build_mask(config, window, start, length, real, device):
        mask = original(config, window, start, length, real, device)
        if not config.causal or start:
            return mask
        ahead = torch.ones(length, length, dtype=torch.bool, device=device).tril(1)
        return Mask(ahead[None, None], is_causal=False)

    return build_mask


def forgets_order_behind_a_cache(original):
    def build_mask(config, window, start, length, real, device):
        if start:
            return Mask(None, is_causal=False)
        return original(config, window, start, length, real, device)

    return build_mask


def copies_the_head(original):
    def init(self, config):
        original(self, config)
        self.output = torch.nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.output.weight.data.copy_(self.transformer.embeddings.token.weight)

    return init


def stays_in_training(original):
    def forward(self, *arguments):
        mode, self.training = self.training, True
        try:
            return original(self, *arguments)
        finally:
            self.training = mode

    return forward


def without(part):
    """A forward pass that skips the module ``part``."""

    def change(original):
        def forward(self, *arguments, **more):
            module, self._modules[part] = self._modules[part], None
            try:
                return original(self, *arguments, **more)
            finally:
                self._modules[part] = module

        return forward

    return change


def undoes_the_scale(original):
    def attend(query, *more, **named):
        return original.scaled_dot_product_attention(query * query.shape[-1] ** 0.5, *more, **named)

    return SimpleNamespace(scaled_dot_product_attention=attend, dropout=original.dropout)


def decays_everything(original):
    def build_optimizer(model, recipe):
        return torch.optim.AdamW(
            model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )

    return build_optimizer


def masks_special_tokens(original):
    def mask_tokens(batch, masking, generator):
        return original(batch, masking.replace(special_ids=()), generator)

    return mask_tokens


def draws_from_the_same_document(original):
    def pair(self, label, generator):
        document, sentence = self._boundary(generator)
        _, other = self._boundary(generator)
        sentences = self.documents[document]
        return sentences[sentence - 1], sentences[min(other, len(sentences) - 1)]

    return pair


def all_positions(original):
    def loss(self, batch):
        logits, targets = self(batch).flatten(0, 1), batch["input_ids"].flatten().clone()
        targets[batch["masked_positions"]] = batch["masked_ids"]
        return F.cross_entropy(logits, targets)

    return loss


def without_shift(original):
    def loss(self, batch):
        return lmcore.models.next_token_loss(
            self(batch["input_ids"], attention_mask=batch["attention_mask"]),
            batch["input_ids"],
            batch["attention_mask"],
        )

    return loss


def square_stays_as_it_is(original):
    def is_transposed(family, ours, dimensions):
        return original(family, ours, dimensions) and "attention.out" not in ours

    return is_transposed


def cuts_the_last_sentence(original):
    def whole(sentences, room):
        taken, left = [], room
        for sentence in sentences:
            if left:
                taken.append(sentence[:left])
                left -= len(taken[-1])
        return taken

    return whole


def counts_every_draw(original):
    def replace(self, batch, logits):
        judged = original(self, batch, logits)
        drawn = torch.zeros_like(judged["replaced"]).flatten()
        drawn[batch["masked_positions"]] = (batch["masked_ids"] >= 0).long()
        return judged | {"replaced": drawn.view_as(judged["replaced"])}

    return replace


def pays_for_deceit(original):
    """The generator's odds are weighted by the discriminator's loss, as REINFORCE would."""

    def losses(self, batch):
        logits = self.generator_logits(batch)
        judged = self.replace(batch, logits)
        drawn = judged["input_ids"].flatten()[batch["masked_positions"]]
        odds = logits.log_softmax(-1).gather(-1, drawn[:, None]).mean()
        found = original(self, batch)
        reward = found.discriminator.detach() * odds
        return found._replace(discriminator=found.discriminator - reward)

    return losses


def judges_padding(original):
    def loss(self, batch):
        return F.binary_cross_entropy_with_logits(self(batch), batch["replaced"].double())

    return loss


def keeps_its_own_embeddings(original):
    def init(self, config, generator, **more):
        original(self, config, generator, **more)
        self.generator = lmcore.MaskedLM(generator)

    return init


def counts_padding(original):
    def real_tokens(batch):
        return torch.ones_like(original(batch))

    return real_tokens


def reads_the_layer_before(original):
    def parts(self, batch):
        layers, self.layers = self.layers, tuple(max(layer - 1, 1) for layer in self.layers)
        try:
            return original(self, batch)
        finally:
            self.layers = layers

    return parts
