/** The model that a widget refers to, unpacked once for the whole page. */
async function openModel(model) {
  const reference = model.get("page_model");
  const source = await model.widget_manager.get_model(reference.replace("IPY_MODEL_", ""));
  return unpackModel(source);
}

function unpackModel(source) {
  const shelf = (globalThis.lmcoreModels ??= new Map()), manifest = source.get("manifest");
  const key = manifest.digest;
  if (!shelf.has(key)) {
    shelf.set(key, {
      name: source.get("name"),
      parameters: source.get("parameters"),
      transformer: new Transformer(manifest.config, unpack(manifest, source.get("payload"))),
      tokenizer: new ByteLevelBPE(source.get("tokenizer")),
    });
  }
  return shelf.get(key);
}
