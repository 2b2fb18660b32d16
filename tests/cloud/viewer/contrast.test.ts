import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { ROOT } from '../../support/paths.ts'

/** WCAG 2.2: text 4.5 to 1 (1.4.3), what is drawn 3 to 1 (1.4.11). */
const TEXT_MIN = 4.5
const DRAWN_MIN = 3

/** Which colour stands on which. */
const TEXT: readonly (readonly [string, readonly string[]])[] = [
  ['text', ['ground', 'panel', 'raised', 'hover', 'lane', 'accent-soft']],
  ['dim', ['ground', 'panel', 'raised', 'hover', 'lane', 'accent-soft']],
  ['accent', ['ground', 'panel', 'raised', 'accent-soft']],
  ['event', ['panel', 'hover']],
  ['lost', ['raised']],
  ['live', ['raised']],
  ['on-accent', ['accent']],
  ['warn-text', ['warn-ground']],
]
const DRAWN: readonly (readonly [string, readonly string[]])[] = [
  ['recorded', ['lane']],
  ['event', ['lane', 'panel']],
  ['lost', ['lane']],
  ['online', ['panel']],
  ['control', ['panel']],
]

const luminance = (colour: string): number => {
  const [r, g, b] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as [
    number,
    number,
    number,
  ]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

const contrast = (a: string, b: string): number => {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

const css = readFileSync(join(ROOT, 'cloud', 'viewer', 'style', 'tokens.css'), 'utf8')
const themes = [...css.matchAll(/\{([^}]*)\}/g)].map(([, block]) =>
  Object.fromEntries(
    [...block!.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name!, value!]),
  ),
)

describe('contrast of the page', () => {
  for (const [at, name] of ['light', 'dark'].entries())
    test(name, () => {
      const colours = themes[at]!
      for (const [pairs, least] of [
        [TEXT, TEXT_MIN],
        [DRAWN, DRAWN_MIN],
      ] as const)
        for (const [front, grounds] of pairs)
          for (const ground of grounds) {
            const ratio = contrast(colours[front]!, colours[ground]!)
            assert.ok(ratio >= least, `${front} on ${ground}: ${ratio.toFixed(2)}`)
          }
    })
})
