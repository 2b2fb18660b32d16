import type { MuxResult } from '../main.ts'
import { muxGoals } from './goals.ts'

const ENGINES = ['skyrill-simd', 'skyrill-scalar', 'libavformat', 'mediabunny', 'memcpy']
const PEERS = ['libavformat', 'mediabunny', 'memcpy']

const rate = (bytesPerSecond: number): string => (bytesPerSecond / 1e9).toFixed(2)

/** Everything that was measured, as Markdown: goals first, then one table per runtime. */
export const muxMarkdown = (result: MuxResult): string => {
  const { cases, machine } = result
  const versions = Object.entries(machine.runtimes).map(([name, version]) => `${name} ${version}`)
  const lines = [
    `Measured on ${machine.date}: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.os}; ${versions.join(', ')}.`,
    '',
    '![GB/s of each engine](mux.svg)',
    '',
  ]
  const goals = muxGoals(cases, result.heapGrowthPerMillionFrames.bun)
  if (goals.length > 0) {
    lines.push(
      '| on Bun, 1080p H.264, in place unless said | goal | measured | reached |',
      '|---|---|---|---|',
    )
    for (const { text, goal, measured, reached } of goals)
      lines.push(`| ${text} | ${goal} | ${measured} | ${reached ? 'yes' : 'no'} |`)
    lines.push('')
  }
  for (const runtime of new Set(cases.map((c) => c.runtime))) {
    lines.push(`### ${runtime}`, '')
    lines.push(
      '| case | row | engine | GB/s | ns per frame | overhead, bytes | skyrill-simd is |',
      '|---|---|---|--:|--:|--:|---|',
    )
    const own = cases.filter((c) => c.runtime === runtime)
    for (const key of new Set(own.map((c) => `${c.name}|${c.row}`))) {
      const group = own.filter((c) => `${c.name}|${c.row}` === key)
      const simd = group.find((c) => c.engine === 'skyrill-simd')
      for (const engine of ENGINES) {
        const c = group.find((candidate) => candidate.engine === engine)
        if (!c) continue
        const factor =
          simd && PEERS.includes(engine)
            ? `${(simd.bytesPerSecond / c.bytesPerSecond).toFixed(2)}x of it`
            : ''
        lines.push(
          `| ${c.name} | ${c.row} | ${engine} | ${rate(c.bytesPerSecond)} | ${c.nsPerFrame.toFixed(0)} | ${c.overheadBytes} | ${factor} |`,
        )
      }
    }
    lines.push('')
  }
  return lines.join('\n')
}
