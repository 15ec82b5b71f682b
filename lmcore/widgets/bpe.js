// Byte-level BPE (GPT-2, section 2.2), reading the JSON that lmcore.Tokenizer.to_json() writes.
// White space is Unicode's, as in Python's library; JavaScript's \s counts U+FEFF and omits U+0085.
const PIECES = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** GPT-2's one printable character for each byte. */
const BYTE_LETTERS = (() => {
  const own = (b) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCodePoint(own(b) ? b : next++));
})();

class ByteLevelBPE {
  constructor(json) {
    const { model, added_tokens } = JSON.parse(json);
    this.ids = new Map(Object.entries(model.vocab));
    this.letters = [];
    for (const [token, id] of this.ids) this.letters[id] = token;
    this.special = new Map(added_tokens.map((token) => [token.id, token.content]));
    this.ranks = new Map(model.merges.map((pair, rank) => [Array.isArray(pair) ? pair.join(" ") : pair, rank]));
    this.bytes = new Map(BYTE_LETTERS.map((letter, b) => [letter, b]));
    this.known = new Map();
  }

  encode(text) {
    const ids = [];
    for (const [piece] of text.matchAll(PIECES)) ids.push(...this.encodePiece(piece));
    return ids;
  }

  encodePiece(piece) {
    if (!this.known.has(piece)) {
      let parts = Array.from(new TextEncoder().encode(piece), (b) => BYTE_LETTERS[b]);
      while (parts.length > 1) {
        let best = Infinity, at = -1;
        for (let i = 0; i + 1 < parts.length; i++) {
          const rank = this.ranks.get(`${parts[i]} ${parts[i + 1]}`) ?? Infinity;
          if (rank < best) [best, at] = [rank, i];
        }
        if (at < 0) break;
        parts.splice(at, 2, parts[at] + parts[at + 1]);
      }
      this.known.set(piece, parts.map((part) => this.ids.get(part)));
    }
    return this.known.get(piece);
  }

  decode(ids) {
    let text = "", bytes = [];
    const flush = () => { text += new TextDecoder("utf-8", { ignoreBOM: true }).decode(new Uint8Array(bytes)); bytes = []; };
    for (const id of ids) {
      if (this.special.has(id)) { flush(); text += this.special.get(id); }
      else bytes.push(...Array.from(this.letters[id], (letter) => this.bytes.get(letter)));
    }
    flush();
    return text;
  }

  id(token) { return this.ids.get(token); }

  /** One token by itself, to be looked at. */
  label(id) { return this.decode([id]); }

  /** What a model reads: a text without markers. */
  framed(ids) { return ids; }
}
