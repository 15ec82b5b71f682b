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

/** The named tensors of a packed model. `payload` is a DataView; int8 rows carry a scale each. */
function unpack(manifest, payload) {
  const tensors = {};
  for (const { name, shape, dtype, offset, scales } of manifest.tensors) {
    const size = shape.reduce((a, b) => a * b, 1), data = new Float32Array(size);
    if (dtype === "float16") {
      for (let i = 0; i < size; i++) data[i] = HALF[payload.getUint16(offset + 2 * i, true)];
    } else if (dtype === "int8") {
      const columns = shape[1];
      for (let row = 0; row < shape[0]; row++) {
        const scale = payload.getFloat32(scales + 4 * row, true);
        for (let j = 0; j < columns; j++) data[row * columns + j] = payload.getInt8(offset + row * columns + j) * scale;
      }
    } else throw new Error(`dtype ${dtype} of ${name} is unknown: float16 or int8`);
    tensors[name] = data;
  }
  return tensors;
}
