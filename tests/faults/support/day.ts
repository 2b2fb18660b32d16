import { accountFor } from './accounting.ts'
import type { Schedule } from './schedule.ts'
import type { Weather } from './sim-cloud.ts'
import { SimRun } from './sim-run.ts'

/** Lines that a camera has to live with for long. */
export const DAYS: Record<string, Partial<Weather>> = {
  '1 KB/s': { bytesPerS: 1000 },
  'no line': { http: 'down', mqtt: false },
  '5 % loss': { lossPercent: 5 },
}

/** Until then the engine compiles, and its heap finds its size. */
const WARM_HOURS = 1
const MIB = 1024 * 1024
const FORGET_MS = 3_600_000

export type DayReport = {
  name: string
  hours: number
  pushed: number
  arrived: number
  accounted: number
  /** resident memory after the first hour, the most of all hours, and after the last one, MiB */
  rssMib: { first: number; most: number; last: number }
  /** what is alive on the engine's heap, at the same times */
  heapMib: { first: number; most: number; last: number }
  timersLeft: number
  faults: string[]
}

type Sample = { rss: number; heapUsed: number }

const sample = (): Sample => {
  if ('Bun' in globalThis) Bun.gc(true)
  return process.memoryUsage()
}

const figuresOf = (samples: readonly Sample[], figure: keyof Sample) => {
  const mib = samples.map((one) => Math.round((one[figure] / MIB) * 10) / 10)
  return { first: mib[0] ?? 0, most: Math.max(0, ...mib), last: mib.at(-1) ?? 0 }
}

/** A camera records for so many simulated hours on such a line: nothing is missing that the ledger does not tell of, and memory stays where it was. */
export const liveThrough = async (name: string, hours: number): Promise<DayReport> => {
  const schedule: Schedule = {
    seed: 1,
    hours,
    format: 'ts',
    ringBytes: 256 * 1024,
    spoolBytes: 4 * MIB,
    dropPolicy: 'non-event-first',
    happenings: [{ atMs: 60_000, do: 'weather', weather: DAYS[name]! }],
  }
  const run = new SimRun(schedule)
  // longer than the spool lasts; else a day of slices that were not ended would be all that the figures show. Where nothing arrives there is nothing to
  // forget, and the slice that is being sent when the line goes is sent on when it is back
  if (DAYS[name]!.http !== 'down') run.cloud.forgetMs = FORGET_MS
  const samples: Sample[] = []
  const result = await run.run((hour) => {
    if (hour >= WARM_HOURS) samples.push(sample())
  })
  const { faults, ...account } = accountFor(result)
  return {
    name,
    hours,
    ...account,
    rssMib: figuresOf(samples, 'rss'),
    heapMib: figuresOf(samples, 'heapUsed'),
    timersLeft: run.timers,
    faults,
  }
}
