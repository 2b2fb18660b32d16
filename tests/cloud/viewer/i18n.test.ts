import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { en } from '../../../cloud/viewer/i18n/en.ts'
import { zh } from '../../../cloud/viewer/i18n/zh.ts'
import { ROOT } from '../../support/paths.ts'

const VIEWER = join(ROOT, 'cloud', 'viewer')
const LANGUAGES: Record<string, Record<string, string>> = { en, zh }

/** Names in braces that are filled in. */
const placeholders = (text: string): string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!).sort()

/** All of the page's sources and its HTML, as one text. */
const sources = (): string =>
  readdirSync(VIEWER, { recursive: true, withFileTypes: true })
    .filter((entry) => /\.(ts|html)$/.test(entry.name) && !entry.parentPath.endsWith('i18n'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n')

describe('languages of the page', () => {
  for (const [tag, texts] of Object.entries(LANGUAGES)) {
    test(`${tag} has every key, none is empty, and the same is filled in`, () => {
      assert.deepEqual(Object.keys(texts), Object.keys(en))
      for (const [key, text] of Object.entries(texts)) {
        assert.notEqual(text.trim(), '', key)
        assert.deepEqual(placeholders(text), placeholders(en[key as keyof typeof en]), key)
      }
    })
  }

  test('every text is used', () => {
    const text = sources()
    // keys that are put together: state, cause, topic and so on
    const families = [...text.matchAll(/t\(`([\w-]+\.)\$\{/g)].map(([, family]) => family!)
    const unused = Object.keys(en).filter(
      (key) =>
        !text.includes(`'${key}'`) &&
        !text.includes(`"${key}"`) &&
        !families.some((family) => key.startsWith(family)),
    )
    assert.deepEqual(unused, [])
  })

  test('the HTML names no text that is not there', () => {
    const html = readFileSync(join(VIEWER, 'index.html'), 'utf8')
    const named = [...html.matchAll(/data-(?:t|label)="([^"]+)"/g)].map(([, key]) => key!)
    assert.ok(named.length > 30)
    assert.deepEqual(
      named.filter((key) => !(key in en)),
      [],
    )
  })
})
