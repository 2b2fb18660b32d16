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
  timersLeft: number
  faults: string[]
}

const rssMib = (): number => {
  if ('Bun' in globalThis) Bun.gc(true)
  return Math.round((process.memoryUsage().rss / MIB) * 10) / 10
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
  // longer than the spool lasts; else a day of slices that were not ended would be all that the figures show
  run.cloud.forgetMs = FORGET_MS
  const samples: number[] = []
  const result = await run.run((hour) => {
    if (hour >= WARM_HOURS) samples.push(rssMib())
  })
  const { faults, ...account } = accountFor(result)
  return {
    name,
    hours,
    ...account,
    rssMib: {
      first: samples[0] ?? 0,
      most: Math.max(0, ...samples),
      last: samples.at(-1) ?? 0,
    },
    timersLeft: run.timers,
    faults,
  }
}
