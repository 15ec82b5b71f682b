// From logits to the next token: temperature, top-k, and dice that fall the same everywhere.

/** A small generator of random numbers in [0, 1) (mulberry32): the same for the same seed. */
function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
  };
}

/** Where the largest of `values` stands; the first, if several are equal. */
function argmax(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** Probabilities (V,) of the next token, sharpened by temperature (0: all on the best) and cut to
 *  the k likeliest. Mirrors lmcore/generate.py: equals of the last one kept stay too. */
function distribution(logits, temperature, topK) {
  if (temperature === 0) {
    const all = new Float32Array(logits.length);
    all[argmax(logits)] = 1;
    return all;
  }
  const least = topK < logits.length ? logits.slice().sort()[logits.length - topK] : -Infinity;
  return softmax(logits.map((value) => (value < least ? -Infinity : value / temperature)));
}

/** Ids of the `n` likeliest tokens, the best first. */
const likeliest = (probabilities, n) =>
  Array.from(probabilities.keys()).sort((a, b) => probabilities[b] - probabilities[a]).slice(0, n);

/** One id, drawn with its probability by `random()`. */
function drawFrom(probabilities, random) {
  let left = random();
  for (let i = 0; i < probabilities.length; i++) if ((left -= probabilities[i]) < 0) return i;
  return argmax(probabilities);  // rounding left a crumb over
}
