import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { rulesText } from '../../tools/report/rules.ts'
import { ROOT } from '../support/paths.ts'

test('docs/TOOLS.md lists the rules as `skyrill inspect --rules` does', () => {
  const document = readFileSync(join(ROOT, 'docs', 'TOOLS.md'), 'utf8')
  assert.ok(
    document.includes(`\n${rulesText()}\n`),
    'put the output of skyrill inspect --rules into docs/TOOLS.md',
  )
})
