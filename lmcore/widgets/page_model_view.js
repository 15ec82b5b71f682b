// Shown by itself, a model is one line: what the page holds of it.
export default {
  render({ model, el }) {
    const kilobytes = model.get("payload").byteLength / 1000;
    frame(el, "page-model", "A trained model lives in this page", h("p", {},
      `${model.get("name")}: ${count(model.get("parameters"))} parameters in ${count(kilobytes)} kB. It runs in your browser, without a network.`));
  },
};
