import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../support/paths.ts'

const text = readFileSync(join(ROOT, 'docs', 'THREAT-MODEL.md'), 'utf8')

/** Rows of the tables that name tests. */
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
  .filter(([, , shownBy = '']) => shownBy.startsWith('`') || shownBy.startsWith('open'))

/** `file`: "words of the title" */
const REFERENCE = /`([\w/-]+)`: "([^"]+)"/g

test('the threat model has threats', () => assert.ok(rows.length > 30, String(rows.length)))

for (const [threat = '', measure = '', shownBy = ''] of rows)
  test(`threat: ${threat}`, () => {
    assert.ok(measure.length > 10, 'it has no measure')
    if (/^open: .+/.test(shownBy)) return
    const found = [...shownBy.matchAll(REFERENCE)]
    assert.equal(found.length, shownBy.split('<br>').length, `not a list of tests: ${shownBy}`)
    for (const [, file, words] of found) {
      const path = join(ROOT, 'tests', `${file}.test.ts`)
      assert.ok(existsSync(path), `there is no tests/${file}.test.ts`)
      const source = readFileSync(path, 'utf8').replaceAll("\\'", "'")
      const titles = [...source.matchAll(/(?:test|it|describe)\(\s*(['"`])((?:(?!\1).)*)\1/gs)]
      const has = titles.some(([, , title]) => title!.includes(words!))
      assert.ok(has, `tests/${file}.test.ts has no test "${words}"`)
    }
  })
