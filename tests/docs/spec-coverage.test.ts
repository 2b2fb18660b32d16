import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as runtime from '../../runtime/index.ts'
import { ROOT } from '../support/paths.ts'

const text = readFileSync(join(ROOT, 'docs', 'SPEC-COVERAGE.md'), 'utf8')

type Row = { section: string; name: string; shownBy: string }

/** Rows of all tables: name, what happens here, what shows it. */
const rows: Row[] = []
let section = ''
for (const line of text.split('\n')) {
  if (line.startsWith('## ')) section = line.slice(3)
  const cells = line.startsWith('|') ? line.slice(1, -1).split('|') : []
  const [name = '', , shownBy = ''] = cells.map((cell) => cell.trim())
  if (cells.length > 0 && !/^-+$/.test(name) && shownBy !== 'shown by')
    rows.push({ section, name, shownBy })
}

const sources = new Map<string, string>()
const sourceOf = (file: string): string => {
  const path = join(ROOT, 'tests', `${file}.test.ts`)
  const known = sources.get(file)
  if (known !== undefined) return known
  assert.ok(existsSync(path), `there is no tests/${file}.test.ts`)
  // a title may be broken over lines or escape a quote
  const source = readFileSync(path, 'utf8').replaceAll("\\'", "'")
  sources.set(file, source)
  return source
}

/** `file`: "words of the title" */
const REFERENCE = /`([\w/-]+)`: "([^"]+)"/g

for (const { section: where, name, shownBy } of rows)
  test(`${where}: ${name}`, () => {
    if (/^open(: .+)?$/.test(shownBy)) return
    const parts = shownBy.split('<br>')
    const found = [...shownBy.matchAll(REFERENCE)]
    assert.equal(found.length, parts.length, `not a list of tests: ${shownBy}`)
    for (const [, file, words] of found)
      assert.ok(sourceOf(file!).includes(words!), `tests/${file}.test.ts has no "${words}"`)
  })

/** Exported types leave nothing behind at run time: their names are read in the source. */
const typeNames = (): string[] => {
  const source = readFileSync(join(ROOT, 'runtime', 'types.ts'), 'utf8')
  return [...source.matchAll(/^export (?:type|enum|const) (\w+)/gm)].map(([, name]) => name!)
}

test('no exported name lacks a row', () => {
  const exported = new Set([...Object.keys(runtime), ...typeNames()])
  const missing = [...exported].filter((name) => !text.includes(`\`${name}\``))
  assert.deepEqual(missing, [])
})

test('all 18 notes have a row, and every code of the cloud-storage module', () => {
  for (let note = 1; note <= 18; note++)
    assert.ok(
      rows.some(({ name }) => name.startsWith(`note ${note}:`)),
      `note ${note}`,
    )
  for (const [name, code] of Object.entries(runtime.iv_err_code_e))
    if (typeof code === 'number' && code <= -600 && code >= -613)
      assert.ok(
        rows.some((row) => row.name === `${name} −${-code}`),
        name,
      )
})

test('how much is open', (t) => {
  const open = rows.filter(({ shownBy }) => shownBy.startsWith('open'))
  t.diagnostic?.(
    `${rows.length} rows, ${open.length} open: ${open.map(({ name }) => name).join('; ')}`,
  )
})
