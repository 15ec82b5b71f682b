// BERT's uncased WordPiece, reading the JSON that lmcore.Tokenizer.to_json() writes: clean, lower
// case, no accents; split at white space and punctuation; then the longest known piece, and again.
const PUNCTUATION = /[!-/:-@[-`{-~\p{P}]/u;  // BERT counts all of ASCII's symbols, $ and + too
const IDEOGRAPH = /[\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu;

/** Lower case without accents, ideographs apart, control characters gone. One letter at a time:
 *  for whole words JavaScript would write a Greek sigma another way at the end. */
function normalizeText(text) {
  const clean = text.replace(/[\t\n\r]/g, " ").replace(/[\uFFFD\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, "").replace(/\p{White_Space}/gu, " ");
  const bare = clean.replace(IDEOGRAPH, " $& ").normalize("NFD").replace(/\p{Mn}/gu, "");
  return Array.from(bare, (letter) => letter.toLowerCase()).join("");
}

/** Words, and punctuation one by one. */
function splitWords(text) {
  const words = [];
  let word = "";
  const close = () => { if (word) words.push(word); word = ""; };
  for (const letter of text) {
    const apart = PUNCTUATION.test(letter);
    if (apart || /\p{White_Space}/u.test(letter)) close();
    if (apart) words.push(letter);
    else if (!/\p{White_Space}/u.test(letter)) word += letter;
  }
  close();
  return words;
}

class WordPiece {
  constructor(json) {
    const { model, added_tokens } = JSON.parse(json);
    this.ids = new Map(Object.entries(model.vocab));
    this.letters = [];
    for (const [token, id] of this.ids) this.letters[id] = token;
    this.special = new Map(added_tokens.map((token) => [token.content, token.id]));
    this.prefix = model.continuing_subword_prefix;
    this.longest = model.max_input_chars_per_word;
    this.unknown = this.ids.get(model.unk_token);
    this.known = new Map();
  }

  id(token) { return this.ids.get(token); }

  /** Token ids of `text`. A special token that stands in it is plain characters, as in Python,
   *  but for those named in `allowed`, such as "[MASK]". */
  encode(text, allowed = []) {
    const [special, ...others] = allowed;
    if (special === undefined) return splitWords(normalizeText(text)).flatMap((word) => this.encodeWord(word));
    return text.split(special).flatMap((part, i) => [...(i ? [this.id(special)] : []), ...this.encode(part, others)]);
  }

  encodeWord(word) {
    if (!this.known.has(word)) this.known.set(word, this.pieces(Array.from(word)));
    return this.known.get(word);
  }

  pieces(letters) {
    if (letters.length > this.longest) return [this.unknown];
    const found = [];
    for (let from = 0; from < letters.length;) {
      let to = letters.length, id;
      for (; to > from; to--) {
        id = this.ids.get((from ? this.prefix : "") + letters.slice(from, to).join(""));
        if (id !== undefined) break;
      }
      if (to === from) return [this.unknown];  // one unknown piece makes the whole word unknown
      found.push(id);
      from = to;
    }
    return found;
  }

  /** One token as the vocabulary writes it: a piece inside a word begins with ##. */
  label(id) { return this.letters[id]; }

  /** `[CLS] A [SEP]`, or `[CLS] A [SEP] B [SEP]`: what a model reads. */
  framed(ids, second = null) {
    const [cls, sep] = [this.id("[CLS]"), this.id("[SEP]")];
    return second === null ? [cls, ...ids, sep] : [cls, ...ids, sep, ...second, sep];
  }
}
