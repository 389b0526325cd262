// Bundles the dashboard's scripts and styles into the Python package, compressed, with a manifest of hashed names.
import { build } from "esbuild";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const out = new URL("../src/aneos_api/dashboard/static/", import.meta.url).pathname;
const entries = ["main", "overview", "orbit", "charts", "workbench", "object", "model", "registry"];
const icons = ["icon-192.png", "icon-512.png"];

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const result = await build({
  entryPoints: entries.map((name) => `src/${name}.js`),
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  minify: true,
  target: "es2022",
  legalComments: "linked",
  metafile: true,
});
const worker = await build({ entryPoints: ["src/sw.js"], entryNames: "[name]-[hash]", outdir: out, bundle: true, minify: true, target: "es2022", metafile: true });
const files = {};
for (const path of Object.keys(worker.metafile.outputs)) files["sw.js"] = basename(path);
for (const name of icons) {
  const picture = await readFile(join("src", name));
  files[name] = name.replace(".png", `-${createHash("sha256").update(picture).digest("hex").slice(0, 8).toUpperCase()}.png`);
  await writeFile(join(out, files[name]), picture);
}
for (const [path, output] of Object.entries(result.metafile.outputs)) {
  if (!output.entryPoint) continue;
  const name = basename(output.entryPoint, ".js");
  files[`${name}.js`] = basename(path);
  if (output.cssBundle) files[`${name}.css`] = basename(output.cssBundle);
}
await writeFile(join(out, "manifest.json"), JSON.stringify(files, null, 1) + "\n");
for (const name of await readdir(out)) {
  if (!/\.(js|css)$/.test(name)) continue;
  const text = await readFile(join(out, name));
  await writeFile(join(out, `${name}.br`), brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }));
  await writeFile(join(out, `${name}.gz`), gzipSync(text, { level: 9 }));
}
