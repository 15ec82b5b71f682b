// The inner loops of lmcore/widgets/kernel.js as WebAssembly text, four numbers at a time (SIMD).
// Addresses and strides are in bytes; scripts/build_kernel.mjs assembles. Relaxed SIMD's fused
// multiply-and-add was a tenth faster where this was measured, and rounds otherwise than plain SIMD
// does: the same seed would no longer write the same text on every machine.

const get = (name) => `(local.get $${name})`;
const set = (name, value) => `(local.set $${name} ${value})`;
const move = (name, by) => set(name, `(i32.add ${get(name)} ${by})`);
const load = (name, offset = 0) => `(v128.load offset=${offset} ${get(name)})`;
const store = (name, value, offset = 0) => `(v128.store offset=${offset} ${get(name)} ${value})`;
const spread = (name, offset = 0) => `(v128.load32_splat offset=${offset} ${get(name)})`;
const all = (value) => `(f32x4.splat (f32.const ${value}))`;
const int = (value) => `(i32.const ${value})`;
const f32x4 = (operation, ...values) => `(f32x4.${operation} ${values.join(" ")})`;
const locals = (type, ...names) => names.map((name) => `(local $${name} ${type})`).join(" ");
const params = (type, ...names) => names.map((name) => `(param $${name} ${type})`).join(" ");

let labels = 0;
/** `body` again and again, as long as `condition` holds. */
const loop = (condition, ...body) => {
  const label = ++labels;
  return `(block $end${label} (loop $again${label} (br_if $end${label} (i32.eqz ${condition}))
    ${body.join("\n")} (br $again${label})))`;
};
const below = (a, b) => `(i32.lt_u ${a} ${b})`;
const range = (n) => Array.from({ length: n }, (_, i) => i);

const madd = (a, b, c) => f32x4("add", f32x4("mul", a, b), c);
/** A polynomial in `x`, the highest power's coefficient first. */
const polynomial = (x, first, ...rest) => rest.reduce((sum, c) => madd(sum, x, all(c)), all(first));
/** The sum of a vector's four numbers, or their largest. */
const fold = (operation, name) => range(4).map((i) => `(f32x4.extract_lane ${i} ${get(name)})`).reduce((a, b) => `(f32.${operation} ${a} ${b})`);

/** Sets local `v` to e to the power of it: 2^n times a polynomial of what is left (Cephes' expf). */
const exponential = (v) => `
  ${set(v, f32x4("min", f32x4("max", get(v), all(-87.3)), all(88)))}
  ${set("n", madd(get(v), all(1.44269504088896341), all(12582912)))}  ;; rounds to a whole number
  ${set("p", f32x4("sub", get("n"), all(12582912)))}
  ${set(v, madd(get("p"), all(2.12194440e-4), madd(get("p"), all(-0.693359375), get(v))))}
  ${set("p", polynomial(get(v), 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1))}
  ${set("p", f32x4("add", madd(get("p"), f32x4("mul", get(v), get(v)), get(v)), all(1)))}
  ${set(v, `(i32x4.add ${get("p")} (i32x4.shl ${get("n")} ${int(23)}))`)}`;

// Rows of x (T, n) times w, plus bias: y (T, m), for m a multiple of 8. w lies in panels of 8
// outputs: number k of them all stands together. A tile of 4 rows by 8 outputs is kept in
// registers: each number that is read serves several products.
const R = range(4);
const step = (at) => `
  ${set("u", load("wi"))} ${set("v", load("wi", 16))} ${move("wi", get("ws"))}
  ${R.map((r) => `${set("s", spread(`x${r}`, at))}
    ${set(`a${r}`, madd(get("s"), get("u"), get(`a${r}`)))} ${set(`b${r}`, madd(get("s"), get("v"), get(`b${r}`)))}`).join("\n")}`;
const single = (at) => `
  ${set("s", spread("x0", 4 * at))}
  ${set(`a${at}`, madd(get("s"), load("wi"), get(`a${at}`)))} ${set(`b${at}`, madd(get("s"), load("wi", 16), get(`b${at}`)))}
  ${move("wi", get("ws"))}`;
const product = `
(func (export "product") ${params("i32", "x", "xs", "w", "ws", "panel", "bias", "y", "ys", "T", "n", "m")}
  ${locals("i32", "xt", "yt", "wi", "x0", "x1", "x2", "x3", "last", "most", "end", "tiles")}
  ${locals("v128", "u", "v", "s", "a0", "a1", "a2", "a3", "b0", "b1", "b2", "b3")}
  ${set("last", `(i32.add ${get("y")} (i32.shl ${get("m")} ${int(2)}))`)}
  ${set("most", `(i32.shl (i32.and ${get("n")} ${int(-4)}) ${int(2)})`)}
  ${set("n", `(i32.shl ${get("n")} ${int(2)})`)}
  ${loop(below(get("y"), get("last")),
    set("xt", get("x")), set("yt", get("y")), set("tiles", get("T")),
    loop(`(i32.ge_u ${get("tiles")} ${int(4)})`,
      set("wi", get("w")), set("x0", get("xt")),
      ...[1, 2, 3].map((r) => set(`x${r}`, `(i32.add ${get(`x${r - 1}`)} ${get("xs")})`)),
      ...R.map((r) => `${set(`a${r}`, load("bias"))} ${set(`b${r}`, load("bias", 16))}`),
      set("end", `(i32.add ${get("xt")} ${get("most")})`),
      loop(below(get("x0"), get("end")), ...R.map((i) => step(4 * i)), ...R.map((r) => move(`x${r}`, int(16)))),
      set("end", `(i32.add ${get("xt")} ${get("n")})`),
      loop(below(get("x0"), get("end")), step(0), ...R.map((r) => move(`x${r}`, int(4)))),
      ...R.map((r) => `${store("yt", get(`a${r}`))} ${store("yt", get(`b${r}`), 16)} ${move("yt", get("ys"))}`),
      set("xt", `(i32.add ${get("xt")} (i32.shl ${get("xs")} ${int(2)}))`), move("tiles", int(-4))),
    loop(get("tiles"),  // rows that are left: one at a time, its sum in four parts that need not wait for each other
      set("wi", get("w")), set("x0", get("xt")),
      `${set("a0", load("bias"))} ${set("b0", load("bias", 16))}`,
      ...[1, 2, 3].map((r) => `${set(`a${r}`, all(0))} ${set(`b${r}`, all(0))}`),
      set("end", `(i32.add ${get("xt")} ${get("most")})`),
      loop(below(get("x0"), get("end")), ...R.map(single), move("x0", int(16))),
      set("end", `(i32.add ${get("xt")} ${get("n")})`),
      loop(below(get("x0"), get("end")), single(0), move("x0", int(4))),
      ...["a", "b"].map((v, i) => store("yt", f32x4("add", f32x4("add", get(`${v}0`), get(`${v}1`)), f32x4("add", get(`${v}2`), get(`${v}3`))), 16 * i)),
      move("yt", get("ys")), move("xt", get("xs")), move("tiles", int(-1))),
    move("w", get("panel")), move("bias", int(32)), move("y", int(32)))})`;

const norm = `
(func (export "norm") ${params("i32", "x", "gain", "bias", "y", "n", "T")} (param $eps f32)
  ${locals("i32", "i", "row")} ${locals("v128", "s", "q", "v")} (local $mean f32)
  ${loop(get("T"),
    set("s", all(0)), set("q", all(0)), set("i", int(0)),
    loop(below(get("i"), get("n")), set("s", f32x4("add", get("s"), `(v128.load (i32.add ${get("x")} ${get("i")}))`)), move("i", int(16))),
    set("mean", `(f32.div ${fold("add", "s")} (f32.convert_i32_u (i32.shr_u ${get("n")} ${int(2)})))`),
    set("s", `(f32x4.splat ${get("mean")})`), set("i", int(0)),
    loop(below(get("i"), get("n")),
      set("v", f32x4("sub", `(v128.load (i32.add ${get("x")} ${get("i")}))`, get("s"))), set("q", madd(get("v"), get("v"), get("q"))), move("i", int(16))),
    set("q", `(f32x4.splat (f32.div (f32.const 1) (f32.sqrt (f32.add ${get("eps")} (f32.div ${fold("add", "q")} (f32.convert_i32_u (i32.shr_u ${get("n")} ${int(2)})))))))`),
    set("i", int(0)),
    loop(below(get("i"), get("n")),
      set("v", f32x4("mul", f32x4("sub", `(v128.load (i32.add ${get("x")} ${get("i")}))`, get("s")), get("q"))),
      `(v128.store (i32.add ${get("y")} ${get("i")}) ${madd(get("v"), `(v128.load (i32.add ${get("gain")} ${get("i")}))`, `(v128.load (i32.add ${get("bias")} ${get("i")}))`)})`,
      move("i", int(16))),
    move("x", get("n")), move("y", get("n")), move("T", int(-1)))})`;

const add = `
(func (export "add") ${params("i32", "x", "z", "y", "end")}
  ${loop(below(get("x"), get("end")), store("y", f32x4("add", load("x"), load("z"))), ...["x", "y", "z"].map((name) => move(name, int(16))))})`;

/** A function of each number from `x` to `end`, in place: `body` turns local v into its value. */
const each = (name, body) => `
(func (export "${name}") ${params("i32", "x", "end")} ${locals("v128", "v", "s", "n", "p", "q")}
  ${loop(below(get("x"), get("end")), set("s", load("x")), body, store("x", get("v")), move("x", int(16)))})`;
const activations = [
  // x (1 + tanh(u)) / 2 = x / (1 + e^(-2u))
  each("gelu_tanh", `
    ${set("v", f32x4("mul", madd(f32x4("mul", get("s"), get("s")), all(0.044715), all(1)), f32x4("mul", get("s"), all(-2 * Math.sqrt(2 / Math.PI)))))}
    ${exponential("v")} ${set("v", f32x4("div", get("s"), f32x4("add", all(1), get("v"))))}`),
  // the error function as a quotient of polynomials, as in arithmetic.js
  each("gelu", `
    ${set("v", f32x4("min", f32x4("max", f32x4("mul", get("s"), all(Math.SQRT1_2)), all(-4)), all(4)))}
    ${set("n", f32x4("mul", get("v"), get("v")))}
    ${set("p", polynomial(get("n"), -2.72614225801306e-10, 2.77068142495902e-8, -2.10102402082508e-6, -5.69250639462346e-5, -7.34990630326855e-4, -2.95459980854025e-3, -1.60960333262415e-2))}
    ${set("q", polynomial(get("n"), -1.45660718464996e-5, -2.13374055278905e-4, -1.68282697438203e-3, -7.37332916720468e-3, -1.42647390514189e-2))}
    ${set("v", f32x4("div", f32x4("mul", get("v"), get("p")), get("q")))}
    ${set("v", f32x4("mul", f32x4("mul", get("s"), all(0.5)), f32x4("add", all(1), get("v"))))}`),
];

// A row of scores, up to `end`, to shares that sum to 1: `scale` them, and none outside of what
// is `from` … `to`. The row's bounds are multiples of 16 bytes.
const softmax = `
(func (export "softmax") ${params("i32", "x", "from", "to", "end")} (param $scale f32)
  ${locals("i32", "i")} ${locals("v128", "v", "s", "n", "p", "top", "kept")}
  ${set("i", get("x"))}
  ${loop(below(get("i"), get("from")), `(f32.store ${get("i")} (f32.const -inf))`, move("i", int(4)))}
  ${set("i", get("to"))}
  ${loop(below(get("i"), get("end")), `(f32.store ${get("i")} (f32.const -inf))`, move("i", int(4)))}
  ${set("top", all("-inf"))} ${set("i", get("x"))}
  ${loop(below(get("i"), get("end")), set("top", f32x4("max", get("top"), load("i"))), move("i", int(16)))}
  ${set("top", `(f32x4.splat ${fold("max", "top")})`)} ${set("s", all(0))} ${set("i", get("x"))}
  ${loop(below(get("i"), get("end")),
    set("v", f32x4("mul", f32x4("sub", load("i"), get("top")), `(f32x4.splat ${get("scale")})`)),
    set("kept", f32x4("gt", get("v"), all(-87))),
    exponential("v"), set("v", `(v128.and ${get("v")} ${get("kept")})`),
    store("i", get("v")), set("s", f32x4("add", get("s"), get("v"))), move("i", int(16)))}
  ${set("s", `(f32x4.splat (f32.div (f32.const 1) ${fold("add", "s")}))`)} ${set("i", get("x"))}
  ${loop(below(get("i"), get("end")), store("i", f32x4("mul", load("i"), get("s"))), move("i", int(16)))})`;

/** The module's text. */
export const KERNEL = `(module (memory (export "memory") 1) ${[product, norm, add, ...activations, softmax].join("\n")})`;
