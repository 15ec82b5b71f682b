// lmcore/model.py's forward pass in plain JavaScript, from the same config and the same weights.
// Shapes: T new tokens, P tokens in the cache, H hidden, E embedding, A heads, D = H/A, F feed-forward.
// A matrix is a Float32Array, row after row; a Linear's weight is (out, in), as in torch.

/** Memories whose numbers a kernel can multiply (kernel.js). Without one JavaScript does it. */
const KERNELS = new WeakMap();

/** x (T, in) times weight (out, in) transposed, plus bias: (T, out). */
function linear(x, weight, bias, T) {
  const y = KERNELS.get(weight.buffer)?.linear(x, weight, T) ?? plainLinear(x, weight, T), m = y.length / T;
  if (bias) for (let t = 0; t < T; t++) for (let o = 0, at = t * m; o < m; o++) y[at + o] += bias[o];
  return y;
}

/** x (T, in) times weight (out, in) transposed: (T, out).
 *  Tiles of 4 positions by 2 outputs read each number once for several products: twice as fast. */
function plainLinear(x, weight, T) {
  const n = x.length / T, m = weight.length / n, y = new Float32Array(T * m);
  let t = 0;
  for (; t + 3 < T; t += 4) {
    const p = t * n, q = p + n, r = q + n, z = r + n;
    for (let o = 0; o < m; o += 2) {
      const row = o * n, next = o + 1 < m ? row + n : row;  // an odd last output is its own pair
      let a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, k = 0;
      for (let i = 0; i < n; i++) {
        const v = weight[row + i], w = weight[next + i], xp = x[p + i], xq = x[q + i], xr = x[r + i], xz = x[z + i];
        a += xp * v; b += xq * v; c += xr * v; d += xz * v;
        e += xp * w; f += xq * w; g += xr * w; k += xz * w;
      }
      const at = t * m + o;
      y[at] = a; y[at + m] = b; y[at + 2 * m] = c; y[at + 3 * m] = d;
      if (next > row) { y[at + 1] = e; y[at + m + 1] = f; y[at + 2 * m + 1] = g; y[at + 3 * m + 1] = k; }
    }
  }
  for (; t < T; t++) linearRow(x, weight, y, t, n, m);
  return y;
}

/** Position t of a product; four sums keep the processor's pipelines busy. */
function linearRow(x, weight, y, t, n, m) {
  for (let o = 0, from = t * n; o < m; o++) {
    const row = o * n;
    let a = 0, b = 0, c = 0, d = 0, i = 0;
    for (; i + 3 < n; i += 4) {
      a += x[from + i] * weight[row + i];
      b += x[from + i + 1] * weight[row + i + 1];
      c += x[from + i + 2] * weight[row + i + 2];
      d += x[from + i + 3] * weight[row + i + 3];
    }
    for (; i < n; i++) a += x[from + i] * weight[row + i];
    y[t * m + o] = a + b + c + d;
  }
}

function layerNorm(x, gain, bias, eps) {
  const size = gain.length, y = new Float32Array(x.length);
  for (let from = 0; from < x.length; from += size) {
    let mean = 0, variance = 0;
    for (let i = 0; i < size; i++) mean += x[from + i];
    mean /= size;
    for (let i = 0; i < size; i++) variance += (x[from + i] - mean) ** 2;
    const scale = 1 / Math.sqrt(variance / size + eps);
    for (let i = 0; i < size; i++) y[from + i] = (x[from + i] - mean) * scale * gain[i] + bias[i];
  }
  return y;
}

/** The error function to about 1e-7 (Numerical Recipes' erfc fit by Chebyshev). */
const ERFC = [-1.3026537197817094, 6.4196979235649026e-1, 1.9476473204185836e-2, -9.561514786808631e-3,
  -9.46595344482036e-4, 3.66839497852761e-4, 4.2523324806907e-5, -2.0278578112534e-5, -1.624290004647e-6,
  1.303655835580e-6, 1.5626441722e-8, -8.5238095915e-8, 6.529054439e-9, 5.059343495e-9, -9.91364156e-10,
  -2.27365122e-10, 9.6467911e-11, 2.394038e-12, -6.886027e-12, 8.94487e-13, 3.13092e-13];
function erf(x) {
  const z = Math.abs(x), t = 2 / (2 + z), u = 4 * t - 2;
  let d = 0, dd = 0;
  for (let j = ERFC.length - 1; j > 0; j--) {  // once for every hidden number: no arrays in here
    const next = u * d - dd + ERFC[j];
    dd = d; d = next;
  }
  const tail = t * Math.exp(-z * z + 0.5 * (ERFC[0] + u * d) - dd);
  return x >= 0 ? 1 - tail : tail - 1;
}
const ACTIVATIONS = {
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  gelu_tanh: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
  relu: (x) => Math.max(x, 0),
  silu: (x) => x / (1 + Math.exp(-x)),
};

function softmax(values) {
  let top = -Infinity, sum = 0;
  for (const value of values) if (value > top) top = value;
  const y = new Float32Array(values.length);
  for (let i = 0; i < y.length; i++) sum += y[i] = Math.exp(values[i] - top);
  for (let i = 0; i < y.length; i++) y[i] /= sum;
  return y;
}

function add(x, y) {
  const z = new Float32Array(x.length);
  for (let i = 0; i < z.length; i++) z[i] = x[i] + y[i];
  return z;
}

class Transformer {
  constructor(config, tensors) {
    this.config = config;
    this.tensors = tensors;
  }

  get(name) { return this.tensors[`transformer.${name}`]; }
  norm(x, name) { return layerNorm(x, this.get(`${name}.weight`), this.get(`${name}.bias`), this.config.norm_eps); }
  apply(x, name, T) { return linear(x, this.get(`${name}.weight`), this.get(`${name}.bias`), T); }

  /** An empty cache: keys and values of up to C positions for each layer. */
  newCache() {
    const { num_layers, context_length, hidden_size } = this.config;
    const room = () => Array.from({ length: num_layers }, () => new Float32Array(context_length * hidden_size));
    return { length: 0, keys: room(), values: room() };
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

  /** `forward`, pausing after each layer, for a page that wants to breathe in between. */
  *steps(ids, { cache = this.newCache(), segments = null, trace = null } = {}) {
    const { config } = this, T = ids.length;
    if (cache.length + T > config.context_length)
      throw new Error(`a text of ${cache.length + T} tokens exceeds the position table of ${config.context_length}`);
    let x = this.embed(ids, segments, cache.length);
    if (config.project) x = this.apply(x, "project", T);
    for (let layer = 0; layer < config.num_layers; layer++) {
      x = this.block(x, layer, T, cache, trace);
      yield layer;
    }
    cache.length += T;
    return config.pre_norm ? this.norm(x, "final_norm") : x;
  }

  embed(ids, segments, start) {
    const E = this.config.embedding_size, x = new Float32Array(ids.length * E);
    const token = this.get("embeddings.token.weight"), position = this.get("embeddings.position.weight");
    const segment = this.get("embeddings.segment.weight");
    ids.forEach((id, t) => {
      for (let i = 0; i < E; i++) {
        x[t * E + i] = token[id * E + i] + position[(start + t) * E + i];
        if (segment) x[t * E + i] += segment[(segments?.[t] ?? 0) * E + i];
      }
    });
    return this.config.embedding_norm ? this.norm(x, "embeddings.norm") : x;
  }

  block(x, layer, T, cache, trace) {
    const name = `blocks.${this.blockOfLayer(layer)}`;
    const attend = (y) => this.attention(y, `${name}.attention`, layer, T, cache, trace);
    const feed = (y) => this.feedForward(y, `${name}.feed_forward`, T);
    if (this.config.pre_norm) {
      x = add(x, attend(this.norm(x, `${name}.norm1`)));
      return add(x, feed(this.norm(x, `${name}.norm2`)));
    }
    x = this.norm(add(x, attend(x)), `${name}.norm1`);
    return this.norm(add(x, feed(x)), `${name}.norm2`);
  }

  attention(x, name, layer, T, cache, trace) {
    const { hidden_size: H, num_heads: A, causal, windows } = this.config, D = H / A;
    const P = cache.length, keys = cache.keys[layer], values = cache.values[layer];
    const qkv = this.apply(x, `${name}.qkv`, T), mixed = new Float32Array(T * H);
    for (let t = 0; t < T; t++) {
      keys.set(qkv.subarray(t * 3 * H + H, t * 3 * H + 2 * H), (P + t) * H);
      values.set(qkv.subarray(t * 3 * H + 2 * H, t * 3 * H + 3 * H), (P + t) * H);
    }
    const window = windows[layer % windows.length] ?? Infinity, weights = new Float32Array(trace ? A * T * (P + T) : 0);
    for (let head = 0; head < A; head++) for (let t = 0; t < T; t++) {
      const first = Math.max(0, P + t - window + 1), end = causal ? P + t + 1 : Math.min(P + T, P + t + window);
      const scores = new Float32Array(end - first), query = t * 3 * H + head * D, to = t * H + head * D;
      for (let k = first; k < end; k++) {
        const key = k * H + head * D;
        let dot = 0;
        for (let i = 0; i < D; i++) dot += qkv[query + i] * keys[key + i];
        scores[k - first] = dot / Math.sqrt(D);
      }
      const shares = softmax(scores);
      for (let k = first; k < end; k++) {
        const share = shares[k - first], value = k * H + head * D;
        for (let i = 0; i < D; i++) mixed[to + i] += share * values[value + i];
      }
      if (trace) weights.set(shares, (head * T + t) * (P + T) + first);
    }
    trace?.push(weights);
    return this.apply(mixed, `${name}.out`, T);
  }

  feedForward(x, name, T) {
    const inside = this.apply(x, `${name}.fc`, T);
    return this.apply(inside.map(ACTIVATIONS[this.config.activation]), `${name}.proj`, T);
  }

  /** The last hidden state of (T, H) to next-token logits (V,), through the tied token table. */
  lastLogits(hidden) {
    const H = this.config.hidden_size;
    return linear(hidden.subarray(hidden.length - H), this.get("embeddings.token.weight"), null, 1);
  }
}
