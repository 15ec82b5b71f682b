// The operations of arithmetic.js in WebAssembly's memory, four numbers at a time. The bytes are
// those of scripts/kernel_source.mjs.
const KERNEL_SOURCE = "c943c155a4e63203e4d87d51a479b42fe362bf478121c78e9a1f98c145e77293";
const KERNEL_BYTES = "AGFzbQEAAAABLQVgC39/f39/f39/f39/AGAHf39/f39/fQBgBH9/f38AYAJ/fwBgBX9/f399AAMHBgABAgMDBAUDAQABBz4HBm1lbW9yeQIAB3Byb2R1Y3QAAARub3JtAAEDYWRkAAIJZ2VsdV90YW5oAAMEZ2VsdQAEB3NvZnRtYXgABQrTGQauDQILfwt7IAYgCkECdGohEiAJQXxxQQJ0IRMgCUECdCEJAkADQCAGIBJJRQ0BIAAhCyAGIQwgCCEVAkADQCAVQQRPRQ0BIAIhDSALIQ4gDiABaiEPIA8gAWohECAQIAFqIREgBf0ABAAhGSAF/QAEECEdIAX9AAQAIRogBf0ABBAhHiAF/QAEACEbIAX9AAQQIR8gBf0ABAAhHCAF/QAEECEgIAsgE2ohFAJAA0AgDiAUSUUNASAN/QAEACEWIA39AAQQIRcgDSADaiENIA79CQIAIRggGCAW/eYBIBn95AEhGSAYIBf95gEgHf3kASEdIA/9CQIAIRggGCAW/eYBIBr95AEhGiAYIBf95gEgHv3kASEeIBD9CQIAIRggGCAW/eYBIBv95AEhGyAYIBf95gEgH/3kASEfIBH9CQIAIRggGCAW/eYBIBz95AEhHCAYIBf95gEgIP3kASEgIA39AAQAIRYgDf0ABBAhFyANIANqIQ0gDv0JAgQhGCAYIBb95gEgGf3kASEZIBggF/3mASAd/eQBIR0gD/0JAgQhGCAYIBb95gEgGv3kASEaIBggF/3mASAe/eQBIR4gEP0JAgQhGCAYIBb95gEgG/3kASEbIBggF/3mASAf/eQBIR8gEf0JAgQhGCAYIBb95gEgHP3kASEcIBggF/3mASAg/eQBISAgDf0ABAAhFiAN/QAEECEXIA0gA2ohDSAO/QkCCCEYIBggFv3mASAZ/eQBIRkgGCAX/eYBIB395AEhHSAP/QkCCCEYIBggFv3mASAa/eQBIRogGCAX/eYBIB795AEhHiAQ/QkCCCEYIBggFv3mASAb/eQBIRsgGCAX/eYBIB/95AEhHyAR/QkCCCEYIBggFv3mASAc/eQBIRwgGCAX/eYBICD95AEhICAN/QAEACEWIA39AAQQIRcgDSADaiENIA79CQIMIRggGCAW/eYBIBn95AEhGSAYIBf95gEgHf3kASEdIA/9CQIMIRggGCAW/eYBIBr95AEhGiAYIBf95gEgHv3kASEeIBD9CQIMIRggGCAW/eYBIBv95AEhGyAYIBf95gEgH/3kASEfIBH9CQIMIRggGCAW/eYBIBz95AEhHCAYIBf95gEgIP3kASEgIA5BEGohDiAPQRBqIQ8gEEEQaiEQIBFBEGohEQwACwsgCyAJaiEUAkADQCAOIBRJRQ0BIA39AAQAIRYgDf0ABBAhFyANIANqIQ0gDv0JAgAhGCAYIBb95gEgGf3kASEZIBggF/3mASAd/eQBIR0gD/0JAgAhGCAYIBb95gEgGv3kASEaIBggF/3mASAe/eQBIR4gEP0JAgAhGCAYIBb95gEgG/3kASEbIBggF/3mASAf/eQBIR8gEf0JAgAhGCAYIBb95gEgHP3kASEcIBggF/3mASAg/eQBISAgDkEEaiEOIA9BBGohDyAQQQRqIRAgEUEEaiERDAALCyAMIBn9CwQAIAwgHf0LBBAgDCAHaiEMIAwgGv0LBAAgDCAe/QsEECAMIAdqIQwgDCAb/QsEACAMIB/9CwQQIAwgB2ohDCAMIBz9CwQAIAwgIP0LBBAgDCAHaiEMIAsgAUECdGohCyAVQXxqIRUMAAsLAkADQCAVRQ0BIAIhDSALIQ4gBf0ABAAhGSAF/QAEECEdQwAAAAD9EyEaQwAAAAD9EyEeQwAAAAD9EyEbQwAAAAD9EyEfQwAAAAD9EyEcQwAAAAD9EyEgIAsgE2ohFAJAA0AgDiAUSUUNASAO/QkCACEYIBggDf0ABAD95gEgGf3kASEZIBggDf0ABBD95gEgHf3kASEdIA0gA2ohDSAO/QkCBCEYIBggDf0ABAD95gEgGv3kASEaIBggDf0ABBD95gEgHv3kASEeIA0gA2ohDSAO/QkCCCEYIBggDf0ABAD95gEgG/3kASEbIBggDf0ABBD95gEgH/3kASEfIA0gA2ohDSAO/QkCDCEYIBggDf0ABAD95gEgHP3kASEcIBggDf0ABBD95gEgIP3kASEgIA0gA2ohDSAOQRBqIQ4MAAsLIAsgCWohFAJAA0AgDiAUSUUNASAO/QkCACEYIBggDf0ABAD95gEgGf3kASEZIBggDf0ABBD95gEgHf3kASEdIA0gA2ohDSAOQQRqIQ4MAAsLIAwgGSAa/eQBIBsgHP3kAf3kAf0LBAAgDCAdIB795AEgHyAg/eQB/eQB/QsEECAMIAdqIQwgCyABaiELIBVBf2ohFQwACwsgAiAEaiECIAVBIGohBSAGQSBqIQYMAAsLC8UCAwJ/A3sBfQJAA0AgBUUNAUMAAAAA/RMhCUMAAAAA/RMhCkEAIQcCQANAIAcgBElFDQEgCSAAIAdq/QAEAP3kASEJIAdBEGohBwwACwsgCf0fACAJ/R8BkiAJ/R8CkiAJ/R8DkiAEQQJ2s5UhDCAM/RMhCUEAIQcCQANAIAcgBElFDQEgACAHav0ABAAgCf3lASELIAsgC/3mASAK/eQBIQogB0EQaiEHDAALC0MAAIA/IAYgCv0fACAK/R8BkiAK/R8CkiAK/R8DkiAEQQJ2s5WSkZX9EyEKQQAhBwJAA0AgByAESUUNASAAIAdq/QAEACAJ/eUBIAr95gEhCyADIAdqIAsgASAHav0ABAD95gEgAiAHav0ABAD95AH9CwQAIAdBEGohBwwACwsgACAEaiEAIAMgBGohAyAFQX9qIQUMAAsLCzwAAkADQCAAIANJRQ0BIAIgAP0ABAAgAf0ABAD95AH9CwQAIABBEGohACACQRBqIQIgAUEQaiEBDAALCwvJAgEFewJAA0AgACABSUUNASAA/QAEACEDIAMgA/3mAUMTJzc9/RP95gFDAACAP/0T/eQBIANDKkLMv/0T/eYB/eYBIQIgAkOama7C/RP96QFDAACwQv0T/egBIQIgAkM7qrg//RP95gFDAABAS/0T/eQBIQQgBEMAAEBL/RP95QEhBSAFQ4OAXjn9E/3mASAFQwCAMb/9E/3mASAC/eQB/eQBIQJDZ2lQOf0TIAL95gFDzkO3Ov0T/eQBIAL95gFDCIkIPP0T/eQBIAL95gFDwakqPf0T/eQBIAL95gFDqqoqPv0T/eQBIAL95gFDAAAAP/0T/eQBIQUgBSACIAL95gH95gEgAv3kAUMAAIA//RP95AEhBSAFIARBF/2rAf2uASECIANDAACAP/0TIAL95AH95wEhAiAAIAL9CwQAIABBEGohAAwACwsLqQIBBXsCQANAIAAgAUlFDQEgAP0ABAAhAyADQ/MENT/9E/3mAUMAAIDA/RP96QFDAACAQP0T/egBIQIgAiAC/eYBIQRDC9+Vr/0TIAT95gFD7v/tMv0T/eQBIAT95gFDUf8Mtv0T/eQBIAT95gFD0sJuuP0T/eQBIAT95gFDY6xAuv0T/eQBIAT95gFD9qFBu/0T/eQBIAT95gFD1NuDvP0T/eQBIQVDzWB0t/0TIAT95gFDKb1fuf0T/eQBIAT95gFDTpLcuv0T/eQBIAT95gFD+Jvxu/0T/eQBIAT95gFDp7ZpvP0T/eQBIQYgAiAF/eYBIAb95wEhAiADQwAAAD/9E/3mAUMAAIA//RMgAv3kAf3mASECIAAgAv0LBAAgAEEQaiEADAALCwumBAIBfwZ7IAAhBQJAA0AgBSABSUUNASAFQwAAgP84AgAgBUEEaiEFDAALCyACIQUCQANAIAUgA0lFDQEgBUMAAID/OAIAIAVBBGohBQwACwtDAACA//0TIQogACEFAkADQCAFIANJRQ0BIAogBf0ABAD96QEhCiAFQRBqIQUMAAsLIAr9HwAgCv0fAZcgCv0fApcgCv0fA5f9EyEKQwAAAAD9EyEHIAAhBQJAA0AgBSADSUUNASAF/QAEACAK/eUBIAT9E/3mASEGIAZDAACuwv0T/UQhCyAGQ5qZrsL9E/3pAUMAALBC/RP96AEhBiAGQzuquD/9E/3mAUMAAEBL/RP95AEhCCAIQwAAQEv9E/3lASEJIAlDg4BeOf0T/eYBIAlDAIAxv/0T/eYBIAb95AH95AEhBkNnaVA5/RMgBv3mAUPOQ7c6/RP95AEgBv3mAUMIiQg8/RP95AEgBv3mAUPBqSo9/RP95AEgBv3mAUOqqio+/RP95AEgBv3mAUMAAAA//RP95AEhCSAJIAYgBv3mAf3mASAG/eQBQwAAgD/9E/3kASEJIAkgCEEX/asB/a4BIQYgBiAL/U4hBiAFIAb9CwQAIAcgBv3kASEHIAVBEGohBQwACwtDAACAPyAH/R8AIAf9HwGSIAf9HwKSIAf9HwOSlf0TIQcgACEFAkADQCAFIANJRQ0BIAUgBf0ABAAgB/3mAf0LBAAgBUEQaiEFDAALCws=";
const WASM_PAGE = 65536;  // bytes; memory grows by whole pages
const WIDE = 8;           // outputs that stand together in a panel, positions in one of keys
const roundUp = (n, to) => Math.ceil(n / to) * to;

class Kernel {
  /** Room for `weights` numbers that stay and `scratch` ones that come and go; rows have up to
   *  `longest` numbers. */
  constructor(weights, scratch, longest) {
    const code = Uint8Array.from(atob(KERNEL_BYTES), (letter) => letter.charCodeAt(0));
    const { memory, ...loops } = new WebAssembly.Instance(new WebAssembly.Module(code)).exports;
    memory.grow(Math.ceil(4 * (weights + scratch) / WASM_PAGE));  // once: growing moves it all
    this.numbers = new Float32Array(memory.buffer);
    Object.assign(this, { loops, places: new Map(), placed: 0, first: weights, free: weights });
    this.none = this.vector(new Float32Array(longest));  // a bias for what has none
  }

  /** A kernel for models of this config; null where its sizes do not suit. */
  static open(config, tensors) {
    const { hidden_size: H, embedding_size: E, feed_forward_size: F, context_length: C, vocab_size: V, num_heads } = config;
    if ([H, E, F, V, H / num_heads].some((size) => size % WIDE)) return null;
    const longest = Math.max(V, 3 * H, F, roundUp(C, WIDE)), apart = 16 * (Object.keys(tensors).length + 32);
    const weights = Object.values(tensors).reduce((sum, { length }) => sum + length, longest + apart);
    const scratch = roundUp(C, WIDE) * Math.max(10 * H + roundUp(C, WIDE), 5 * H + 2 * F, H + 3 * E + V) + apart;
    return new Kernel(roundUp(weights, 16), scratch, longest);
  }

  /** `size` numbers of the scratch, free until `within` begins again. */
  take(size) {
    const from = this.free;
    this.free += roundUp(size, 16);
    if (this.free > this.numbers.length) throw new Error(`${size} numbers are more than the kernel has room for`);
    return this.numbers.subarray(from, from + size);
  }

  /** The same numbers in the kernel's memory. */
  hold(x) {
    if (x.buffer === this.numbers.buffer) return x;
    const y = this.take(x.length);
    y.set(x);
    return y;
  }

  within(x, work) {
    this.free = this.first;
    const y = work(this.hold(x));
    return y.buffer === this.numbers.buffer ? y.slice() : y;
  }

  /** Where the numbers that `fill` writes for `tensor` stay, written when they are first asked for. */
  place(tensor, fill) {
    if (!this.places.has(tensor)) {
      const from = this.placed;
      this.placed += roundUp(tensor.length, 16);
      fill(this.numbers.subarray(from, from + tensor.length));
      this.places.set(tensor, 4 * from);
    }
    return this.places.get(tensor);
  }

  vector(tensor) { return this.place(tensor, (y) => y.set(tensor)); }

  /** A weight (m, n) in panels of 8 outputs, each (n, 8). */
  panels(weight, n) {
    return this.place(weight, (y) => {
      for (let o = 0, m = weight.length / n; o < m; o++)
        for (let i = 0, to = (o - o % WIDE) * n + o % WIDE; i < n; i++, to += WIDE) y[to] = weight[o * n + i];
    });
  }

  linear(x, weight, bias, T) {
    const n = x.length / T, m = weight.length / n;
    if (m % WIDE) return PLAIN.linear(x, weight, bias, T);
    const y = this.take(T * m), from = this.hold(x).byteOffset;
    this.loops.product(from, 4 * n, this.panels(weight, n), 4 * WIDE, 4 * WIDE * n, bias ? this.vector(bias) : this.none, y.byteOffset, 4 * m, T, n, m);
    return y;
  }

  norm(x, gain, bias, eps) {
    const y = this.take(x.length), n = gain.length;
    this.loops.norm(this.hold(x).byteOffset, this.vector(gain), this.vector(bias), y.byteOffset, 4 * n, x.length / n, eps);
    return y;
  }

  add(x, z) {
    const y = this.take(x.length), from = this.hold(x).byteOffset;
    this.loops.add(from, this.hold(z).byteOffset, y.byteOffset, from + 4 * x.length);
    return y;
  }

  /** In place: what an activation is of is needed no more. The book's models use GELU. */
  activate(x, name) {
    if (!this.loops[name]) return PLAIN.activate(x, name);
    const y = this.hold(x);
    this.loops[name](y.byteOffset, y.byteOffset + 4 * y.length);
    return y;
  }
  /** Room for the keys and values of one layer. Keys stand in panels of 8 positions, each (H, 8). */
  room(C, H) {
    return { keys: new Float32Array(roundUp(C, WIDE) * H), values: new Float32Array(C * H) };
  }

  attend(qkv, { T, P, heads, sight, trace, held }) {
    const H = qkv.length / (3 * T), D = H / heads, K = P + T, wide = roundUp(K, WIDE), scale = 1 / Math.sqrt(D);
    qkv = this.hold(qkv);
    const keys = this.keys(qkv, T, P, held), { values, stride } = this.values(qkv, T, P, held);
    const scores = this.take(T * wide), mixed = this.take(T * H), weights = trace && new Float32Array(heads * T * K);
    const { product, softmax } = this.loops, from = scores.byteOffset, row = 4 * wide;
    for (let head = 0; head < heads; head++) {
      const at = 4 * head * D;
      product(qkv.byteOffset + at, 12 * H, keys + WIDE * at, 4 * WIDE, 4 * WIDE * H, this.none, from, row, T, D, wide);
      for (let t = 0, begin = from; t < T; t++, begin += row) {
        const [first, end] = sight(t);
        softmax(begin, begin + 4 * first, begin + 4 * end, begin + row, scale);
        weights?.set(scores.subarray(t * wide, t * wide + K), (head * T + t) * K);
      }
      product(from, row, values + at, stride, 4 * WIDE, this.none, mixed.byteOffset + at, 4 * H, T, K, D);
    }
    trace?.push(weights);
    return mixed;
  }

  /** Where the keys of P + T positions stand in panels. */
  keys(qkv, T, P, held) {
    const H = qkv.length / (3 * T), keys = this.take(roundUp(P + T, WIDE) * H), opened = (P - P % WIDE) * H;
    if (held) keys.set(held.keys.subarray(0, roundUp(P, WIDE) * H));
    for (let t = 0; t < T; t++) {
      let to = (P + t - (P + t) % WIDE) * H + (P + t) % WIDE, from = t * 3 * H + H;
      for (const end = from + H; from < end; from++, to += WIDE) keys[to] = qkv[from];
    }
    held?.keys.set(keys.subarray(opened), opened);
    return keys.byteOffset;
  }

  /** Where the values of P + T positions stand, and how many bytes apart. */
  values(qkv, T, P, held) {
    const H = qkv.length / (3 * T);
    if (!held) return { values: qkv.byteOffset + 8 * H, stride: 12 * H };
    for (let t = 0; t < T; t++) held.values.set(qkv.subarray(t * 3 * H + 2 * H, (t + 1) * 3 * H), (P + t) * H);
    return { values: this.hold(held.values.subarray(0, (P + T) * H)).byteOffset, stride: 4 * H };
  }
}

/** The fastest operations that there are for these tensors: a kernel's, or JavaScript's. */
function fastest(config, tensors) {
  try {
    return Kernel.open(config, tensors) ?? PLAIN;
  } catch {
    return PLAIN;  // no SIMD, or no leave to compile
  }
}
