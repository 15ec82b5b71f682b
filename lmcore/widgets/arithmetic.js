// What the forward pass is made of, in plain JavaScript: exact, and fast enough without WebAssembly.
// Shapes: T new tokens, P tokens in the cache, H hidden, A heads, D = H/A.
// A matrix is a Float32Array, row after row; a Linear's weight is (out, in), as in torch.

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

/** The error function to 1e-7, a quotient of two polynomials (as in Eigen and XLA). */
function erf(x) {
  const z = Math.min(Math.max(x, -4), 4), s = z * z;
  const over = (((((-2.72614225801306e-10 * s + 2.77068142495902e-8) * s - 2.10102402082508e-6) * s - 5.69250639462346e-5) * s
    - 7.34990630326855e-4) * s - 2.95459980854025e-3) * s - 1.60960333262415e-2;
  const under = (((-1.45660718464996e-5 * s - 2.13374055278905e-4) * s - 1.68282697438203e-3) * s - 7.37332916720468e-3) * s - 1.42647390514189e-2;
  return z * over / under;
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

/** The operations of a forward pass. A Kernel (kernel.js) has the same ones, faster. */
const PLAIN = {
  /** Do `work` on the numbers `x`: what it returns stays, whatever is worked out later. */
  within: (x, work) => work(x),

  /** x (T, in) times weight (out, in) transposed, plus bias: (T, out). */
  linear(x, weight, bias, T) {
    const y = plainLinear(x, weight, T), m = y.length / T;
    if (bias) for (let t = 0; t < T; t++) for (let o = 0, at = t * m; o < m; o++) y[at + o] += bias[o];
    return y;
  },

  norm: layerNorm,
  add: (x, y) => x.map((value, i) => value + y[i]),
  activate: (x, name) => x.map(ACTIVATIONS[name]),

  /** Room for the keys and values (C, H) of one layer. */
  room: (C, H) => ({ keys: new Float32Array(C * H), values: new Float32Array(C * H) }),

  /** Queries, keys and values (T, 3H) to mixed values (T, H). `held` keeps those of P positions
   *  before, and of these; query t sees the keys from `sight(t)[0]` up to before `sight(t)[1]`.
   *  `trace` gets the attention weights, (A, T, P+T). */
  attend(qkv, { T, P, heads, sight, trace, held }) {
    const H = qkv.length / (3 * T), D = H / heads, mixed = new Float32Array(T * H);
    const { keys, values } = held ?? PLAIN.room(T, H), weights = trace && new Float32Array(heads * T * (P + T));
    for (let t = 0; t < T; t++) {
      keys.set(qkv.subarray(t * 3 * H + H, t * 3 * H + 2 * H), (P + t) * H);
      values.set(qkv.subarray(t * 3 * H + 2 * H, t * 3 * H + 3 * H), (P + t) * H);
    }
    for (let head = 0; head < heads; head++) for (let t = 0; t < T; t++) {
      const [first, end] = sight(t), scores = new Float32Array(end - first), query = t * 3 * H + head * D, to = t * H + head * D;
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
      weights?.set(shares, (head * T + t) * (P + T) + first);
    }
    trace?.push(weights);
    return mixed;
  },
};
