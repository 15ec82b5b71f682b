// The page's engine and onnxruntime-web on the same models, in turn, in one page.
// `given` holds the packed models; the server hands out the ONNX files and onnxruntime-web.
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const ids = (T, V) => Array.from({ length: T }, (_, i) => (i * 7919 + 13) % V);
const long = (values) => new ort.Tensor("int64", BigInt64Array.from(values, BigInt), [1, values.length]);
const rounded = (value) => Math.round(100 * value) / 100;
const largest = (a, b) => a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

function ours({ manifest, payload }, open = fastest) {
  const bytes = Uint8Array.from(atob(payload), (letter) => letter.charCodeAt(0));
  const tensors = unpack(manifest, new DataView(bytes.buffer));
  return openTransformer(manifest.config, tensors, open(manifest.config, tensors));
}

/** The engine with WebAssembly and without. */
const each = (model) => ({ ours: ours(model), javascript: ours(model, () => PLAIN) });

/** Milliseconds of each way of doing the same, in turn, so that what slows one slows all; and how
 *  many times as long onnxruntime-web takes as `ours`, the median of the rounds. */
async function paired(ways, rounds) {
  const took = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let round = -5; round < rounds; round++) for (const [name, act] of Object.entries(ways)) {
    const begin = performance.now();
    await act();
    if (round >= 0) took[name].push(performance.now() - begin);  // the first ones warm up
  }
  const times = Object.entries(took).map(([name, values]) => [name, rounded(median(values))]);
  const ratio = median(took.onnxruntime.map((time, i) => time / took.ours[i]));
  return { ...Object.fromEntries(times), ratio: rounded(ratio) };
}

/** All states of a text of T tokens, bidirectional. */
async function encode(T, rounds) {
  const models = each(given.encoder), text = ids(T, models.ours.config.vocab_size);
  const session = await ort.InferenceSession.create("encoder.onnx", { executionProviders: ["wasm"] });
  const theirs = async () => (await session.run({ ids: long(text) })).hidden.data;
  const difference = largest(models.ours.forward(text), await theirs());
  const mine = Object.fromEntries(Object.entries(models).map(([name, model]) => [name, () => model.forward(text)]));
  return { tokens: T, difference, ...await paired({ ...mine, onnxruntime: theirs }, rounds) };
}

/** Twenty tokens after a prompt of T, the likeliest each time, with a cache on both sides. */
async function generate(T, rounds) {
  const models = each(given.decoder), prompt = ids(T, models.ours.config.vocab_size), NEW = 20;
  const [first, next] = await Promise.all(["prompt.onnx", "step.onnx"].map((name) => ort.InferenceSession.create(name, { executionProviders: ["wasm"] })));
  const go = (model) => () => {
    const cache = model.newCache(), made = [];
    let logits = model.lastLogits(model.forward(prompt, { cache }));
    while (made.push(argmax(logits)) < NEW) logits = model.lastLogits(model.forward([made.at(-1)], { cache }));
    return made;
  };
  const theirs = async () => {
    const made = [];
    let { logits, present } = await first.run({ ids: long(prompt) });
    while (made.push(argmax(logits.data)) < NEW) ({ logits, present } = await next.run({ ids: long([made.at(-1)]), past: present }));
    return made;
  };
  const mine = Object.fromEntries(Object.entries(models).map(([name, model]) => [name, go(model)])), expected = String(await theirs());
  const same = Object.values(mine).every((act) => String(act()) === expected);
  return { prompt: T, new: NEW, same, ...await paired({ ...mine, onnxruntime: theirs }, rounds) };
}

globalThis.measure = async (rounds) => {
  ort.env.wasm.wasmPaths = new URL("ort/", location.href).href;
  ort.env.wasm.numThreads = 1;
  const encoded = [], generated = [];
  for (const T of [16, 64, 128]) encoded.push(await encode(T, rounds));
  for (const T of [8, 64]) generated.push(await generate(T, rounds));
  return { encoded, generated };
};
