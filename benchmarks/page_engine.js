// The page's engine and onnxruntime-web on the same models, in turn, in one page.
// `given` holds the packed models; the server hands out the ONNX files and onnxruntime-web.
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const ids = (T, V) => Array.from({ length: T }, (_, i) => (i * 7919 + 13) % V);
const long = (values) => new ort.Tensor("int64", BigInt64Array.from(values, BigInt), [1, values.length]);
const largest = (a, b) => a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

function ours({ manifest, payload }, plain) {
  const bytes = Uint8Array.from(atob(payload), (letter) => letter.charCodeAt(0));
  const tensors = unpack(manifest, new DataView(bytes.buffer));
  return openTransformer(manifest.config, plain ? tensors : inKernel(manifest.config, tensors));
}

/** Milliseconds of each way of doing the same, in turn, so that what slows one slows all. */
async function paired(ways, rounds) {
  const took = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let round = -3; round < rounds; round++) for (const [name, act] of Object.entries(ways)) {
    const begin = performance.now();
    await act();
    if (round >= 0) took[name].push(performance.now() - begin);  // the first three warm up
  }
  return Object.fromEntries(Object.entries(took).map(([name, values]) => [name, median(values)]));
}

/** All states of a text of T tokens, bidirectional. */
async function encode(T, rounds) {
  const fast = ours(given.encoder), plain = ours(given.encoder, true), text = ids(T, fast.config.vocab_size);
  const session = await ort.InferenceSession.create("encoder.onnx", { executionProviders: ["wasm"] });
  const theirs = async () => (await session.run({ ids: long(text) })).hidden.data;
  const difference = largest(fast.forward(text), await theirs());
  return { tokens: T, difference, ...await paired({ ours: () => fast.forward(text), javascript: () => plain.forward(text), onnxruntime: theirs }, rounds) };
}

/** Twenty tokens after a prompt of T, the likeliest each time, with a cache on both sides. */
async function generate(T, rounds) {
  const fast = ours(given.decoder), plain = ours(given.decoder, true), prompt = ids(T, fast.config.vocab_size), NEW = 20;
  const [first, next] = await Promise.all(["prompt.onnx", "step.onnx"].map((name) => ort.InferenceSession.create(name, { executionProviders: ["wasm"] })));
  const mine = (model) => () => {
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
  const same = String(mine(fast)()) === String(await theirs()) && String(mine(plain)()) === String(mine(fast)());
  return { prompt: T, new: NEW, same, ...await paired({ ours: mine(fast), javascript: mine(plain), onnxruntime: theirs }, rounds) };
}

/** The longest stretch without a turn for the page, while the engine reads T tokens in slices. */
async function longestTask(T) {
  const model = ours(given.encoder), text = ids(T, model.config.vocab_size), pause = pauses();
  model.forward(text);
  let longest = 0, last = performance.now(), over = false;
  const channel = new MessageChannel();
  channel.port1.onmessage = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last); last = now;
    if (!over) channel.port2.postMessage(0);
  };
  channel.port2.postMessage(0);
  for (const _ of model.steps(text)) await pause();
  over = true;
  return { tokens: T, longest };
}

globalThis.measure = async (rounds) => {
  ort.env.wasm.wasmPaths = new URL("ort/", location.href).href;
  ort.env.wasm.numThreads = 1;
  const encoded = [], generated = [], tasks = [];
  for (const T of [16, 64, 128]) encoded.push(await encode(T, rounds));
  for (const T of [8, 64]) generated.push(await generate(T, rounds));
  for (const T of [64, 128]) tasks.push(await longestTask(T));
  return { encoded, generated, tasks };
};
