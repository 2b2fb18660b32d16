#!/usr/bin/env node
/** Bundles the page into dist/viewer: plain files that the server sends as they are, each also packed for the wire. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const source = join(here, 'viewer')
const out = join(here, 'dist', 'viewer')
const require = createRequire(import.meta.url)

rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })
const options = {
  outdir: out,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'linked',
  logLevel: 'warning',
}
const { metafile } = await build({
  ...options,
  entryPoints: [join(source, 'main.ts'), join(source, 'style.css')],
  splitting: true,
  chunkNames: 'chunk-[name]-[hash]',
  metafile: true,
  absWorkingDir: here,
})
// ffmpeg's worker is a file of its own: it alone may compile wasm, by the policy that the server sends with it
await build({
  ...options,
  entryPoints: { 'ffmpeg-worker': require.resolve('@ffmpeg/ffmpeg/worker') },
})
await build({ ...options, entryPoints: [join(source, 'worker', 'service-worker.ts')] })
// hls.js transmuxes in a worker; as a file of its own it needs no script made from a blob
copyFileSync(require.resolve('hls.js/dist/hls.worker.js'), join(out, 'hls-worker.js'))
copyFileSync(join(source, 'icon.svg'), join(out, 'icon.svg'))

/** What every visit needs is asked for at once, not when the script before it has been read. */
const preloads = () => {
  const outputs = Object.entries(metafile.outputs)
  const [app] = outputs.find(([, { entryPoint }]) => entryPoint === 'viewer/app.ts')
  const needed = new Set()
  const add = (path) => {
    if (needed.has(path)) return
    needed.add(path)
    for (const { path: next, kind } of metafile.outputs[path].imports)
      if (kind === 'import-statement') add(next)
  }
  add(app)
  return [...needed]
    .map((path) => `<link rel="modulepreload" href="/${basename(path)}">`)
    .join('\n  ')
}
const html = readFileSync(join(source, 'index.html'), 'utf8')
writeFileSync(join(out, 'index.html'), html.replace('<!-- preload -->', preloads()))

for (const name of readdirSync(out)) {
  if (!/\.(js|css|svg|html)$/.test(name)) continue
  const bytes = readFileSync(join(out, name))
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
  writeFileSync(join(out, `${name}.br`), brotliCompressSync(bytes, { params }))
  writeFileSync(join(out, `${name}.gz`), gzipSync(bytes, { level: 9 }))
}
