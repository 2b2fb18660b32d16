import type { FootprintResult } from '../footprint.bench.ts'

const GOAL_OVER_IDLE_MIB = 45
const GOAL_CPU_PERCENT = 1
const GOAL_FIRST_ACK_MS = 1000
/** the first minutes fill caches and compile what is hot */
const WARM_MINUTES = 10

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1]!

/** MiB per hour of a straight line through the figures after the first minutes. */
const slope = (points: readonly { minute: number; rss: number }[]): number => {
  const meanX = points.reduce((sum, { minute }) => sum + minute, 0) / points.length
  const meanY = points.reduce((sum, { rss }) => sum + rss, 0) / points.length
  const over = points.reduce((sum, { minute, rss }) => sum + (minute - meanX) * (rss - meanY), 0)
  const under = points.reduce((sum, { minute }) => sum + (minute - meanX) ** 2, 0)
  return (over / under) * 60
}

export const footprintMarkdown = (result: FootprintResult): string => {
  const { rss, idleRssMib, realTimeRssMib, cpuPercent, firstAckMs, machine: m, options } = result
  const warm = rss.filter(({ minute }) => minute > WARM_MINUTES)
  const highest = Math.max(...rss.map((point) => point.rss))
  const row = (text: string, goal: string, measured: string, reached: boolean) =>
    `| ${text} | ${goal} | ${measured} | ${reached ? 'yes' : 'no'} |`
  const at = (minute: number) => rss.find((point) => point.minute === minute)?.rss.toFixed(1) ?? '–'
  const runtimes = Object.entries(m.runtimes).map(([name, version]) => `${name} ${version}`)
  return [
    `Measured on ${m.date}: ${m.cpu}, ${m.cores} cores, ${m.memoryGiB} GiB, ${m.os}; ${runtimes.join(', ')}. 1080p25 of 4 Mbit/s, G.711 of 8 kHz encoded to AAC, ${options.format === 'ts' ? 'TS' : 'fMP4'},`,
    `a buffer of 4 MiB. Memory over an hour of recording at ${options.speed} times the speed, CPU over ${options.cpuSeconds} s in real time after a warm-up of 30 s, starts: median of ${firstAckMs.length}. BUN_JSC_useDFGJIT=0 is set, as the systemd unit sets it: 5 MiB less, half a percent of CPU more (BOARDS.md).`,
    '',
    '| `skyrill push` as one file, on Bun | goal | measured | reached |',
    '|---|---|---|---|',
    row(
      `resident memory at its highest, over an idle Bun's ${idleRssMib.toFixed(1)} MiB`,
      `≤ + ${GOAL_OVER_IDLE_MIB} MiB`,
      `+ ${(highest - idleRssMib).toFixed(1)} MiB`,
      highest - idleRssMib <= GOAL_OVER_IDLE_MIB,
    ),
    row(
      `the same in real time, after ${options.cpuSeconds} s and the warm-up`,
      `≤ + ${GOAL_OVER_IDLE_MIB} MiB`,
      `+ ${(realTimeRssMib - idleRssMib).toFixed(1)} MiB`,
      realTimeRssMib - idleRssMib <= GOAL_OVER_IDLE_MIB,
    ),
    row(
      `its growth from minute ${WARM_MINUTES} to 60`,
      'flat (≤ 2 MiB per hour)',
      `${slope(warm).toFixed(1)} MiB per hour; minutes 1, 10, 30, 60: ${at(1)}, ${at(10)}, ${at(30)}, ${at(60)} MiB`,
      slope(warm) <= 2,
    ),
    row(
      'CPU, of one core',
      `≤ ${GOAL_CPU_PERCENT} %`,
      `${cpuPercent.toFixed(1)} %`,
      cpuPercent <= GOAL_CPU_PERCENT,
    ),
    row(
      'from its start to the first acknowledged byte',
      `≤ ${GOAL_FIRST_ACK_MS} ms`,
      `${median(firstAckMs).toFixed(0)} ms`,
      median(firstAckMs) <= GOAL_FIRST_ACK_MS,
    ),
    '',
  ].join('\n')
}
