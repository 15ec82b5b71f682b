// What lmcore/encoders.py puts on the trunk: the masked language model's head, and the pair's.
class MaskedLM extends Transformer {
  /** Hidden states (N, H) to logits (N, V): dense to E, activation, LayerNorm, the token table (or
   *  a table of its own) and a bias. */
  project(states) {
    const { ops, config } = this, N = states.length / config.hidden_size, head = (name) => this.tensors[`head.${name}`];
    const table = head("output.weight") ?? this.get("embeddings.token.weight");
    return ops.within(states, (x) => {
      const inside = ops.activate(ops.linear(x, head("dense.weight"), head("dense.bias"), N), config.head_activation);
      return ops.linear(ops.norm(inside, head("norm.weight"), head("norm.bias"), config.norm_eps), table, head("bias"), N);
    });
  }

  /** Logits (V,) at each of `positions` of hidden states (T, H). */
  logitsAt(hidden, positions) {
    const H = this.config.hidden_size;
    return positions.map((t) => this.project(hidden.subarray(t * H, (t + 1) * H)));
  }

  /** Pair logits (2,) off the pooled first state; 0 is the true or unswapped pair. */
  pairLogits(hidden) {
    const first = hidden.subarray(0, this.config.hidden_size), pooled = this.ops.within(first, (x) => this.apply(x, "pooler", 1)).map(Math.tanh);
    return this.ops.within(pooled, (x) => this.ops.linear(x, this.tensors["pair.weight"], this.tensors["pair.bias"], 1));
  }
}

class Discriminator extends Transformer {
  /** One logit a token of hidden states (T, H): above 0 means replaced (ELECTRA, section 2). */
  detect(hidden) {
    const { ops, config, tensors } = this, T = hidden.length / config.hidden_size;
    const apply = (x, name) => ops.linear(x, tensors[`${name}.weight`], tensors[`${name}.bias`], T);
    return ops.within(hidden, (x) => apply(ops.activate(apply(x, "dense"), config.activation), "predict"));
  }
}

/** The trunk under the head that its tensors belong to. */
function openTransformer(config, tensors, ops) {
  const Kind = tensors["head.dense.weight"] ? MaskedLM : tensors["predict.weight"] ? Discriminator : Transformer;
  return new Kind(config, tensors, ops);
}
