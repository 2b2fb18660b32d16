#!/usr/bin/env node
/**
 * Compiles the server into dist/server for the packed package. The wire contract lies in the repository's runtime folder,
 * which the package does not have, so what is used of it is compiled in; all else stays an import.
 */
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const out = join(here, 'dist', 'server')

rmSync(out, { recursive: true, force: true })
await build({
  entryPoints: [join(here, 'server', 'main.ts'), join(here, 'server', 'index.ts')],
  outdir: out,
  bundle: true,
  splitting: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
})
