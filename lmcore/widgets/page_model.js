/** The model that a widget refers to, unpacked once for the whole page. */
async function openModel(model) {
  const reference = model.get("page_model");
  const source = await model.widget_manager.get_model(reference.replace("IPY_MODEL_", ""));
  return unpackModel(source);
}

/** What was made for `key` before, in this widget or another of the page; made now if it was not. */
function shared(key, make) {
  const shelf = (globalThis.lmcoreShelf ??= new Map());
  if (!shelf.has(key)) shelf.set(key, make());
  return shelf.get(key);
}

function unpackModel(source) {
  const manifest = source.get("manifest"), json = source.get("tokenizer");
  return {
    name: source.get("name"),
    transformer: shared(manifest.digest, () => new Transformer(manifest.config, unpack(manifest, source.get("payload")))),
    tokenizer: shared(json, () => new ByteLevelBPE(json)),
  };
}
