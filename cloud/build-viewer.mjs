#!/usr/bin/env node
/** Bundles the page into dist/viewer: plain files that the server sends as they are. */
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const source = join(here, 'viewer')
const out = join(here, 'dist', 'viewer')
const require = createRequire(import.meta.url)

rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })
await build({
  entryPoints: [join(source, 'main.ts'), join(source, 'style.css')],
  outdir: out,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'linked',
  logLevel: 'warning',
})
for (const file of ['index.html', 'icon.svg']) copyFileSync(join(source, file), join(out, file))
// hls.js transmuxes in a worker; as a file of its own it needs no script made from a blob
copyFileSync(require.resolve('hls.js/dist/hls.worker.js'), join(out, 'hls-worker.js'))
