// The bytes of lmcore/widgets/pack.py back to arrays of numbers.

/** Float16 bits to numbers, through a table made once. */
const HALF = (() => {
  const table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
    table[bits] = sign * (exponent === 0 ? fraction * 2 ** -24
      : exponent === 31 ? (fraction ? NaN : Infinity) : (1 + fraction / 1024) * 2 ** (exponent - 15));
  }
  return table;
})();

/** Whole numbers packed four in three bytes, the first in the highest bits. */
function sixBits(bytes, size) {
  const whole = new Int8Array(size);
  for (let i = 0, at = 0; i < size; at += 3) {
    const four = bytes[at] << 16 | bytes[at + 1] << 8 | bytes[at + 2];
    for (let shift = 18; shift >= 0 && i < size; shift -= 6) whole[i++] = ((four >> shift) & 63) - 32;
  }
  return whole;
}

/** The named tensors of a packed model. `payload` is a DataView; rows of whole numbers carry a
 *  scale each. */
function unpack(manifest, payload) {
  const tensors = {};
  for (const { name, shape, dtype, offset, scales } of manifest.tensors) {
    const size = shape.reduce((a, b) => a * b, 1), data = new Float32Array(size), from = payload.byteOffset + offset;
    if (dtype === "float16") {
      for (let i = 0; i < size; i++) data[i] = HALF[payload.getUint16(offset + 2 * i, true)];
    } else if (dtype === "int8" || dtype === "int6") {
      const columns = shape[1], whole = dtype === "int8" ? new Int8Array(payload.buffer, from, size) : sixBits(new Uint8Array(payload.buffer, from), size);
      for (let row = 0, i = 0; row < shape[0]; row++) {
        const scale = payload.getFloat32(scales + 4 * row, true);
        for (const end = i + columns; i < end; i++) data[i] = whole[i] * scale;
      }
    } else throw new Error(`dtype ${dtype} of ${name} is unknown: float16, int8 or int6`);
    tensors[name] = data;
  }
  return tensors;
}
