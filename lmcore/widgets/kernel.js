// Matrices in WebAssembly's memory, multiplied four numbers at a time. Where a browser cannot,
// engine.js does it in JavaScript. The bytes are those of kernel.wat.
const KERNEL_SOURCE = "b9fd31274607a3f0d34d94acba2c6f6bfb0e150ba8c4214f84d7d267d69fffbe";
const KERNEL_BYTES = "AGFzbQEAAAABDgJgAXsBfWAFf39/f38AAwQDAAEBBQMBAAEHFwMGbWVtb3J5AgADcm93AAEEcm93cwACCp4GAxkAIAD9HwAgAP0fAZIgAP0fAiAA/R8DkpIL3wECBH8DeyADQQJ0IQggACAIaiEGIAIgBEECdGohBwJAA0AgAiAHTw0B/QwAAAAAAAAAAAAAAAAAAAAAIQn9DAAAAAAAAAAAAAAAAAAAAAAhCiAAIQUCQANAIAVBIGogBksNASAJIAX9AAQAIAH9AAQA/eYB/eQBIQkgCiAF/QAEECAB/QAEEP3mAf3kASEKIAVBIGohBSABQSBqIQEMAAsLIAUgBkkEQCAJIAX9AAQAIAH9AAQA/eYB/eQBIQkgAUEQaiEBCyACIAkgCv3kARAAOAIAIAJBBGohAgwACwsLoAQCCX8LeyADQQJ0IQYgBEECdCENIAIgDWohBwJAA0AgAiAHTw0BIAEgBmohCCAAIQkgCSAGaiEKIAogBmohCyALIAZqIQz9DAAAAAAAAAAAAAAAAAAAAAAhDv0MAAAAAAAAAAAAAAAAAAAAACEP/QwAAAAAAAAAAAAAAAAAAAAAIRD9DAAAAAAAAAAAAAAAAAAAAAAhEf0MAAAAAAAAAAAAAAAAAAAAACES/QwAAAAAAAAAAAAAAAAAAAAAIRP9DAAAAAAAAAAAAAAAAAAAAAAhFP0MAAAAAAAAAAAAAAAAAAAAACEVQQAhBQNAIAEgBWr9AAQAIRYgCCAFav0ABAAhFyAJIAVq/QAEACEYIA4gGCAW/eYB/eQBIQ4gEiAYIBf95gH95AEhEiAKIAVq/QAEACEYIA8gGCAW/eYB/eQBIQ8gEyAYIBf95gH95AEhEyALIAVq/QAEACEYIBAgGCAW/eYB/eQBIRAgFCAYIBf95gH95AEhFCAMIAVq/QAEACEYIBEgGCAW/eYB/eQBIREgFSAYIBf95gH95AEhFSAFQRBqIQUgBSAGSQ0ACyACIQUgBSAOEAA4AgAgBSASEAA4AgQgBSANaiEFIAUgDxAAOAIAIAUgExAAOAIEIAUgDWohBSAFIBAQADgCACAFIBQQADgCBCAFIA1qIQUgBSAREAA4AgAgBSAVEAA4AgQgCCAGaiEBIAJBCGohAgwACwsL";
const WASM_PAGE = 65536;  // bytes; memory grows by whole pages

class Kernel {
  /** Room for `weights` numbers that stay, `input` and `output` numbers that come and go. */
  constructor(weights, input, output) {
    const code = Uint8Array.from(atob(KERNEL_BYTES), (letter) => letter.charCodeAt(0));
    const { memory, row, rows } = new WebAssembly.Instance(new WebAssembly.Module(code)).exports;
    memory.grow(Math.ceil(4 * (weights + input + output) / WASM_PAGE));  // once: growing moves it all
    Object.assign(this, { row, rows, used: 0 });
    this.numbers = new Float32Array(memory.buffer);
    this.x = this.place(input);
    this.y = this.place(output);
  }

  /** The next `size` numbers of the memory. */
  place(size) {
    this.used += size;
    return this.numbers.subarray(this.used - size, this.used);
  }

  /** As `linear`, without the bias; null where the sizes do not suit. */
  linear(x, weight, T) {
    const n = x.length / T, m = weight.length / n;
    if (n % 4 || x.length > this.x.length || T * m > this.y.length) return null;
    this.x.set(x);
    const from = this.x.byteOffset, to = this.y.byteOffset;
    let t = 0;
    if (m % 2 === 0) for (; t + 3 < T; t += 4) this.rows(from + 4 * t * n, weight.byteOffset, to + 4 * t * m, n, m);
    for (; t < T; t++) this.row(from + 4 * t * n, weight.byteOffset, to + 4 * t * m, n, m);
    return this.y.slice(0, T * m);
  }
}

/** The same tensors, their numbers in a kernel's memory; as they were where there can be none. */
function inKernel(config, tensors) {
  const { hidden_size: H, embedding_size: E, feed_forward_size: F, context_length: C, vocab_size: V } = config;
  const all = Object.values(tensors).reduce((sum, { length }) => sum + length, 0);
  let kernel;
  try {
    kernel = new Kernel(all, C * Math.max(E, H, F), Math.max(C * Math.max(3 * H, F), V));
  } catch {
    return tensors;  // no SIMD, or no leave to compile
  }
  KERNELS.set(kernel.numbers.buffer, kernel);
  return Object.fromEntries(Object.entries(tensors).map(([name, values]) => {
    const place = kernel.place(values.length);
    place.set(values);
    return [name, place];
  }));
}
