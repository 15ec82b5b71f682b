// What lmcore/encoders.py puts on the trunk: the masked language model's head, and the pair's.
class MaskedLM extends Transformer {
  /** Hidden states (N, H) to logits (N, V): dense to E, activation, LayerNorm, the token table (or
   *  a table of its own) and a bias. */
  project(states) {
    const { hidden_size: H, norm_eps, head_activation } = this.config, N = states.length / H, head = (name) => this.tensors[`head.${name}`];
    const inside = linear(states, head("dense.weight"), head("dense.bias"), N).map(ACTIVATIONS[head_activation]);
    const table = head("output.weight") ?? this.get("embeddings.token.weight");
    return linear(layerNorm(inside, head("norm.weight"), head("norm.bias"), norm_eps), table, head("bias"), N);
  }

  /** Logits (V,) at each of `positions` of hidden states (T, H). */
  logitsAt(hidden, positions) {
    const H = this.config.hidden_size;
    return positions.map((t) => this.project(hidden.subarray(t * H, (t + 1) * H)));
  }

  /** Pair logits (2,) off the pooled first state; 0 is the true or unswapped pair. */
  pairLogits(hidden) {
    const pooled = this.apply(hidden.subarray(0, this.config.hidden_size), "pooler", 1).map(Math.tanh);
    return linear(pooled, this.tensors["pair.weight"], this.tensors["pair.bias"], 1);
  }
}

class Discriminator extends Transformer {
  /** One logit a token of hidden states (T, H): above 0 means replaced (ELECTRA, section 2). */
  detect(hidden) {
    const T = hidden.length / this.config.hidden_size, apply = (x, name) => linear(x, this.tensors[`${name}.weight`], this.tensors[`${name}.bias`], T);
    return apply(apply(hidden, "dense").map(ACTIVATIONS[this.config.activation]), "predict");
  }
}

/** The trunk under the head that its tensors belong to. */
function openTransformer(config, tensors) {
  const Kind = tensors["head.dense.weight"] ? MaskedLM : tensors["predict.weight"] ? Discriminator : Transformer;
  return new Kind(config, tensors);
}
