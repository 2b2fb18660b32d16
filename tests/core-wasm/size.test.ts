import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const onlyOnce = 'bun' in process.versions ? false : 'compiling once, on Bun, is enough'

test('the core without the AAC encoder is at most 48 KiB', { skip: onlyOnce }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'skyrill-size-'))
  try {
    const out = join(folder, 'core.video.wasm')
    const done = spawnSync(
      'node',
      [join(root, 'node_modules/assemblyscript/bin/asc.js'), '--target', 'video', '--outFile', out],
      {
        cwd: root,
        encoding: 'utf8',
      },
    )
    assert.equal(done.status, 0, done.stderr)
    assert.ok(statSync(out).size <= 48 * 1024, `${statSync(out).size} bytes`)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
