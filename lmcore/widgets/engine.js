// lmcore/model.py's forward pass in JavaScript, from the same config and the same weights.
// Shapes: T new tokens, P tokens in the cache, H hidden, E embedding, A heads, F feed-forward.
class Transformer {
  /** `ops` multiply, add and attend: in plain JavaScript (arithmetic.js) or WebAssembly (kernel.js). */
  constructor(config, tensors, ops = PLAIN) {
    Object.assign(this, { config, tensors, ops });
  }

  get(name) { return this.tensors[`transformer.${name}`]; }
  norm(x, name) { return this.ops.norm(x, this.get(`${name}.weight`), this.get(`${name}.bias`), this.config.norm_eps); }
  apply(x, name, T) { return this.ops.linear(x, this.get(`${name}.weight`), this.get(`${name}.bias`), T); }

  /** An empty cache: room for the keys and values of C positions in each layer. */
  newCache() {
    const { num_layers, context_length, hidden_size } = this.config;
    return { length: 0, layers: Array.from({ length: num_layers }, () => this.ops.room(context_length, hidden_size)) };
  }

  blockOfLayer(layer) {
    const { layers_per_group, num_groups, num_layers } = this.config;
    const step = Math.floor(layer / layers_per_group), inner = layer % layers_per_group;
    return Math.floor(step * num_groups / (num_layers / layers_per_group)) * layers_per_group + inner;
  }

  /** Token ids to hidden states (T, H). `trace` collects attention weights, (A, T, P+T) a layer. */
  forward(ids, options) {
    const steps = this.steps(ids, options);
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
    }
  }

  /** `forward`, pausing after each half of a block, for a page that wants to breathe in between. */
  *steps(ids, { cache = null, segments = null, trace = null } = {}) {
    const { config, ops } = this, T = ids.length, P = cache?.length ?? 0;
    if (P + T > config.context_length)
      throw new Error(`a text of ${P + T} tokens exceeds the position table of ${config.context_length}`);
    let x = ops.within(this.sum(ids, segments, P), (x) => {
      if (config.embedding_norm) x = this.norm(x, "embeddings.norm");
      return config.project ? this.apply(x, "project", T) : x;
    });
    for (let layer = 0; layer < config.num_layers; layer++) {
      const block = `blocks.${this.blockOfLayer(layer)}`, held = cache?.layers[layer];
      const context = { T, P, heads: config.num_heads, sight: this.sight(layer, T, P), trace, held };
      x = ops.within(x, (x) => this.half(x, `${block}.norm1`, (y) => this.attention(y, `${block}.attention`, context)));
      yield;
      x = ops.within(x, (x) => this.half(x, `${block}.norm2`, (y) => this.feedForward(y, `${block}.feed_forward`, T)));
      yield;
    }
    if (cache) cache.length += T;
    return config.pre_norm ? ops.within(x, (x) => this.norm(x, "final_norm")) : x;
  }

  /** Token + position (+ segment) vectors (T, E). */
  sum(ids, segments, start) {
    const E = this.config.embedding_size, x = new Float32Array(ids.length * E);
    const token = this.get("embeddings.token.weight"), position = this.get("embeddings.position.weight");
    const segment = this.get("embeddings.segment.weight");
    ids.forEach((id, t) => {
      for (let i = 0; i < E; i++) {
        x[t * E + i] = token[id * E + i] + position[(start + t) * E + i];
        if (segment) x[t * E + i] += segment[(segments?.[t] ?? 0) * E + i];
      }
    });
    return x;
  }

  /** Half of a block: a sub-layer with its residual connection, the LayerNorm before it or behind. */
  half(x, norm, sublayer) {
    if (this.config.pre_norm) return this.ops.add(x, sublayer(this.norm(x, norm)));
    return this.norm(this.ops.add(x, sublayer(x)), norm);
  }

  /** The keys that query t sees: from which, up to before which. */
  sight(layer, T, P) {
    const { causal, windows } = this.config, window = windows[layer % windows.length] ?? Infinity;
    return (t) => [Math.max(0, P + t - window + 1), causal ? P + t + 1 : Math.min(P + T, P + t + window)];
  }

  attention(x, name, context) {
    const qkv = this.apply(x, `${name}.qkv`, context.T);
    return this.apply(this.ops.attend(qkv, context), `${name}.out`, context.T);
  }

  feedForward(x, name, T) {
    const inside = this.ops.activate(this.apply(x, `${name}.fc`, T), this.config.activation);
    return this.apply(inside, `${name}.proj`, T);
  }

  /** The last hidden state of (T, H) to next-token logits (V,), through the tied token table. */
  lastLogits(hidden) {
    const last = hidden.subarray(hidden.length - this.config.hidden_size);
    return this.ops.within(last, (x) => this.ops.linear(x, this.get("embeddings.token.weight"), null, 1));
  }
}
