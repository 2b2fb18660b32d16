import { random } from '../../support/random.ts'
import type { Weather } from './sim-cloud.ts'

/** What happens at a time of a simulated run. */
export type Happening = { atMs: number } & (
  | { do: 'weather'; weather: Partial<Weather> }
  /** the process dies without a word and is started again after a while */
  | { do: 'kill'; downMs: number }
  /** the app leaves the module and enters it again */
  | { do: 'reopen' }
  | { do: 'plan'; on: boolean }
  /** the wall clock is set */
  | { do: 'clock'; byMs: number }
  /** the camera gives no pictures */
  | { do: 'silence'; forMs: number }
  /** pictures that are refused: damaged, or of another size */
  | { do: 'garbage'; count: number }
)

export type Schedule = {
  seed: number
  hours: number
  format: 'ts' | 'fmp4'
  ringBytes: number
  /** absent: none */
  spoolBytes: number | undefined
  dropPolicy: 'newest' | 'oldest' | 'non-event-first'
  happenings: Happening[]
}

const MINUTE_MS = 60_000

/** Storms and mishaps from a seed: the same seed gives the same schedule. */
export const scheduleOf = (seed: number, hours: number): Schedule => {
  const next = random(seed)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)]!
  const between = (low: number, high: number): number => low + next() * (high - low)
  /** many short ones, few long ones */
  const span = (lowMs: number, highMs: number): number =>
    Math.round(lowMs * (highMs / lowMs) ** next())

  const storms: readonly (() => Partial<Weather>)[] = [
    () => ({ http: 'down', mqtt: false }),
    () => ({ http: 'down', mqtt: false }),
    () => ({ http: 'down' }),
    () => ({ http: 'deaf' }),
    () => ({ mqtt: false }),
    () => ({ lossPercent: pick([5, 20, 60]) }),
    () => ({ bytesPerS: pick([300, 1000, 2000, 4000]) }),
    () => ({ latencyMs: pick([400, 3000, 9000]) }),
    () => ({
      http: pick([
        'wrong',
        'later',
        'full',
        'token',
        'forbidden',
        'checksum',
        'offset',
        'unknown',
        'smaller',
        'config',
        'retry',
        'plan',
      ] as const),
    }),
  ]
  const happenings: Happening[] = []
  const endMs = hours * 60 * MINUTE_MS
  for (let atMs = span(5000, 10 * MINUTE_MS); atMs < endMs; atMs += span(5000, 15 * MINUTE_MS)) {
    const weather = pick(storms)()
    happenings.push({ atMs, do: 'weather', weather })
    atMs += span(500, 20 * MINUTE_MS)
    happenings.push({
      atMs,
      do: 'weather',
      weather: {
        http: 'ok',
        mqtt: true,
        latencyMs: 40,
        bytesPerS: Number.POSITIVE_INFINITY,
        lossPercent: 0,
      },
    })
  }
  const mishaps: readonly (() => Happening)[] = [
    () => ({ atMs: 0, do: 'kill', downMs: span(1000, 3 * MINUTE_MS) }),
    () => ({ atMs: 0, do: 'reopen' }),
    () => ({ atMs: 0, do: 'silence', forMs: span(1000, 5 * MINUTE_MS) }),
    () => ({ atMs: 0, do: 'garbage', count: Math.ceil(between(0, 12)) }),
    () => ({ atMs: 0, do: 'clock', byMs: pick([-7_200_000, -3000, 3000, 7_200_000]) }),
  ]
  for (let count = Math.floor(next() * 6); count > 0; count--)
    happenings.push({ ...pick(mishaps)(), atMs: Math.round(between(0, endMs)) } as Happening)
  if (next() < 0.3) {
    const atMs = Math.round(between(0, endMs))
    happenings.push({ atMs, do: 'plan', on: false })
    happenings.push({ atMs: atMs + span(1000, 20 * MINUTE_MS), do: 'plan', on: true })
  }
  return {
    seed,
    hours,
    format: pick(['ts', 'fmp4']),
    ringBytes: pick([32, 64, 128, 512]) * 1024,
    spoolBytes: pick([undefined, 1024 * 1024, 4 * 1024 * 1024, 64 * 1024 * 1024]),
    dropPolicy: pick(['newest', 'oldest', 'non-event-first']),
    happenings: happenings.sort((a, b) => a.atMs - b.atMs),
  }
}

const timeOf = (ms: number): string => new Date(ms).toISOString().slice(11, 23)

/** A schedule to read, for the report of a failure. */
export const scheduleText = (schedule: Schedule): string => {
  const { seed, hours, format, ringBytes, spoolBytes, dropPolicy, happenings } = schedule
  const spool = spoolBytes === undefined ? 'none' : `${spoolBytes / 1024} KiB`
  return [
    `seed ${seed}: ${hours} h, ${format}, ring ${ringBytes / 1024} KiB, spool ${spool}, drop policy ${dropPolicy}`,
    ...happenings.map(({ atMs, do: what, ...rest }) => {
      const details = Object.entries('weather' in rest ? rest.weather : rest)
      return `  ${timeOf(atMs)} ${what} ${details.map(([name, value]) => `${name} ${value}`).join(', ')}`
    }),
  ].join('\n')
}
