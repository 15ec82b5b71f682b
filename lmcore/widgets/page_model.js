/** The model that a widget refers to, unpacked once for the whole page. */
async function openModel(model) {
  const reference = model.get("page_model");
  const source = await model.widget_manager.get_model(reference.replace("IPY_MODEL_", ""));
  return unpackModel(source);
}

function unpackModel(source) {
  const json = source.get("tokenizer");
  return { name: source.get("name"), transformer: unpackTransformer(source), tokenizer: shared(json, () => openTokenizer(json)) };
}

function unpackTransformer(source) {
  const manifest = source.get("manifest"), { config } = manifest;
  return shared(manifest.digest, () => {
    const tensors = unpack(manifest, source.get("payload"));
    return openTransformer(config, tensors, fastest(config, tensors));
  });
}

/** The tokenizer that the JSON describes. */
function openTokenizer(json) {
  const { type } = JSON.parse(json).model, kinds = { BPE: ByteLevelBPE, WordPiece };
  if (!kinds[type]) throw new Error(`a tokenizer of type ${type} is unknown: ${Object.keys(kinds).join(" or ")}`);
  return new kinds[type](json);
}
