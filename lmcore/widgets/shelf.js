/** What was made for `key` before, in this widget or another of the page; made now if it was not. */
function shared(key, make) {
  const shelf = (globalThis.lmcoreShelf ??= new Map());
  if (!shelf.has(key)) shelf.set(key, make());
  return shelf.get(key);
}
