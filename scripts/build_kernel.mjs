// Assemble scripts/kernel_source.mjs and put its bytes into lmcore/widgets/kernel.js. Needs wabt:
//   npm install --no-save wabt@1.0.39 && node scripts/build_kernel.mjs
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import wabt from "wabt";
import { KERNEL } from "./kernel_source.mjs";

const features = { simd: true };
const parsed = (await wabt()).parseWat("kernel.wat", KERNEL, features);
parsed.validate(features);
const bytes = Buffer.from(parsed.toBinary({ write_debug_names: false }).buffer);
const source = readFileSync(new URL("kernel_source.mjs", import.meta.url));
const digest = createHash("sha256").update(source).digest("hex");
const script = new URL("../lmcore/widgets/kernel.js", import.meta.url);
const text = readFileSync(script, "utf8")
  .replace(/(const KERNEL_SOURCE = ")[^"]*/, `$1${digest}`)
  .replace(/(const KERNEL_BYTES = ")[^"]*/, `$1${bytes.toString("base64")}`);
writeFileSync(script, text);
console.log(`kernel.js holds ${bytes.length} bytes of WebAssembly`);
