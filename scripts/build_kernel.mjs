// Assemble lmcore/widgets/kernel.wat and put its bytes into kernel.js. Needs wabt, from npm:
//   npm install --no-save wabt@1.0.39 && node scripts/build_kernel.mjs
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import wabt from "wabt";

const folder = new URL("../lmcore/widgets/", import.meta.url);
const source = readFileSync(new URL("kernel.wat", folder), "utf8");
const parsed = (await wabt()).parseWat("kernel.wat", source, { simd: true });
parsed.validate();
const bytes = Buffer.from(parsed.toBinary({ write_debug_names: false }).buffer);
const digest = createHash("sha256").update(source).digest("hex");
const script = new URL("kernel.js", folder);
const text = readFileSync(script, "utf8")
  .replace(/(const KERNEL_SOURCE = ")[^"]*/, `$1${digest}`)
  .replace(/(const KERNEL_BYTES = ")[^"]*/, `$1${bytes.toString("base64")}`);
writeFileSync(script, text);
console.log(`kernel.js holds ${bytes.length} bytes of WebAssembly`);
