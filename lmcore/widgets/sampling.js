// From logits to the next token: temperature, top-k, nucleus, and dice that fall the same everywhere.

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

/** Probabilities (V,) of the next token, sharpened by temperature (0: all on the best), cut to the
 *  k likeliest, then to the fewest that hold `topP`. Mirrors lmcore/generate.py: equals of the last
 *  one kept stay too. */
function distribution(logits, temperature, topK, topP = 1) {
  if (temperature === 0) {
    const all = new Float32Array(logits.length);
    all[argmax(logits)] = 1;
    return all;
  }
  const least = topK < logits.length ? logits.slice().sort()[logits.length - topK] : -Infinity;
  return nucleus(softmax(logits.map((value) => (value < least ? -Infinity : value / temperature))), topP);
}

/** The fewest of the likeliest that together hold the share `topP`, made to sum to 1. */
function nucleus(probabilities, topP) {
  if (topP >= 1) return probabilities;
  let before = 0, least = 0;
  for (const value of probabilities.slice().sort().reverse()) {
    if (before >= topP) break;
    least = value; before += value;
  }
  const kept = probabilities.map((value) => (value < least ? 0 : value));
  const sum = kept.reduce((total, value) => total + value, 0);
  return kept.map((value) => value / sum);
}

/** How undecided the odds are, in bits: 0 where one token has them all, log2 V where all are equal. */
const entropy = (probabilities) => probabilities.reduce((sum, p) => (p > 0 ? sum - p * Math.log2(p) : sum), 0);

/** Ids of the `n` likeliest tokens, the best first. */
const likeliest = (probabilities, n) =>
  Array.from(probabilities.keys()).sort((a, b) => probabilities[b] - probabilities[a]).slice(0, n);

/** One id, drawn with its probability by `random()`. */
function drawFrom(probabilities, random) {
  let left = random();
  for (let i = 0; i < probabilities.length; i++) if ((left -= probabilities[i]) < 0) return i;
  return argmax(probabilities);  // rounding left a crumb over
}
