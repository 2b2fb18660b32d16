import type { BenchCase } from '../harness.ts'

const COLOURS: Record<string, string> = {
  'skyrill-simd': '#2563eb',
  'skyrill-scalar': '#93c5fd',
  libavformat: '#d97706',
  mediabunny: '#16a34a',
  memcpy: '#9ca3af',
}
const ENGINES = Object.keys(COLOURS)
const WIDTH = 760
const LEFT = 190
const RIGHT = 70
const BAR = 11
const GAP = 2
const GROUP_GAP = 14
const TOP = 58

const escapeXml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** Bars of GB/s on a logarithmic axis, for the in-place rows of the first runtime measured. */
export const chart = (cases: readonly BenchCase[]): string => {
  const runtime = cases[0]?.runtime ?? ''
  const shown = cases.filter((c) => c.runtime === runtime && c.row === 'in-place')
  const rates = shown.map((c) => c.bytesPerSecond / 1e9)
  const low = 10 ** Math.floor(Math.log10(Math.min(...rates, 1)))
  const high = 10 ** Math.ceil(Math.log10(Math.max(...rates, 10)))
  const x = (value: number): number =>
    LEFT +
    ((Math.log10(value) - Math.log10(low)) / (Math.log10(high) - Math.log10(low))) *
      (WIDTH - LEFT - RIGHT)
  const heading = `GB/s of elementary stream, in place, on ${escapeXml(runtime)} (logarithmic)`
  const bars: string[] = []
  let y = TOP
  for (const name of new Set(shown.map((c) => c.name))) {
    const top = y
    for (const engine of ENGINES) {
      const c = shown.find((candidate) => candidate.name === name && candidate.engine === engine)
      if (!c) continue
      const rate = c.bytesPerSecond / 1e9
      const width = Math.max(1, x(rate) - LEFT).toFixed(1)
      bars.push(
        `<rect x="${LEFT}" y="${y}" width="${width}" height="${BAR}" fill="${COLOURS[engine]}"><title>${escapeXml(`${name}, ${engine}: ${rate.toFixed(2)} GB/s`)}</title></rect>`,
      )
      bars.push(
        `<text x="${(x(rate) + 5).toFixed(1)}" y="${y + BAR - 2}">${rate.toFixed(2)}</text>`,
      )
      y += BAR + GAP
    }
    bars.push(
      `<text x="${LEFT - 8}" y="${(top + y) / 2 + 3}" text-anchor="end">${escapeXml(name)}</text>`,
    )
    y += GROUP_GAP
  }
  const grid: string[] = []
  for (let value = low; value <= high; value *= 10)
    grid.push(
      `<line x1="${x(value).toFixed(1)}" y1="${TOP - 6}" x2="${x(value).toFixed(1)}" y2="${y - GROUP_GAP}" stroke="#8884"/><text x="${x(value).toFixed(1)}" y="${TOP - 10}" text-anchor="middle">${Number(value.toPrecision(3))}</text>`,
    )
  const legend = ENGINES.map(
    (engine, i) =>
      `<rect x="${LEFT + i * 108}" y="26" width="10" height="10" fill="${COLOURS[engine]}"/><text x="${LEFT + 14 + i * 108}" y="35">${engine}</text>`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" font-family="system-ui, sans-serif" font-size="10" fill="#777">`,
    `<title>${heading}</title>`,
    `<text x="${LEFT}" y="14" font-size="12">${heading}</text>`,
    ...legend,
    ...grid,
    ...bars,
    '</svg>',
    '',
  ].join('\n')
}
