import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CloudOptions, startCloud } from '../cloud/server/index.ts'
import { openPgliteIndex } from '../cloud/server/store/index/pglite.ts'
import { openPostgresIndex } from '../cloud/server/store/index/postgres.ts'
import { needPostgres, startPostgres } from '../tests/cloud/support/postgres.ts'
import { quantile } from './fleet/quantile.ts'
import type { BenchResult } from './harness.ts'
import { machine } from './machine.ts'
import { generate, PRODUCT, type Recorded } from './queries/generate.ts'

const POSTGRES_ROWS = 20_000_000
const PGLITE_ROWS = 2_000_000
const REQUESTS = 200
const WARM_UP_REQUESTS = 20
/** Cameras that are made at a time: one a core. */
const WORKERS = 2
/** For the load alone; what is read is read with the server's defaults. */
const SETTINGS = ['max_wal_size=4GB', 'checkpoint_timeout=1h', 'maintenance_work_mem=512MB']
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

export type QueryRun = {
  engine: string
  rows: number
  generatedS: number
  query: string
  p50: number
  p95: number
  max: number
  answerBytes: number
}

export type QueriesResult = BenchResult & { runs: QueryRun[]; skipped: string[] }

/** What a page asks for, of a random camera at a random time. */
const QUERIES: readonly [string, (channel: string, recorded: Recorded) => string][] = [
  ['time line of an hour', (channel, at) => `${channel}/timeline?${range(at, HOUR_MS)}`],
  ['time line of a day', (channel, at) => `${channel}/timeline?${range(at, DAY_MS)}`],
  ['time line of a month', (channel, at) => `${channel}/timeline?${range(at, 30 * DAY_MS)}`],
  ['days of a month with recordings', (channel, at) => `${channel}/days?${month(at)}`],
  ['events of a day', (channel, at) => `${channel}/events?${range(at, DAY_MS)}`],
  [
    'playlist of ten minutes',
    (channel, at) => `${channel}/playlist.m3u8?${range(at, HOUR_MS / 6)}`,
  ],
  ['playlist of an hour', (channel, at) => `${channel}/playlist.m3u8?${range(at, HOUR_MS)}`],
  ['playlist of a day', (channel, at) => `${channel}/playlist.m3u8?${range(at, DAY_MS)}`],
]

const range = ({ fromMs, toMs }: Recorded, lengthMs: number): string => {
  const from = Math.round(fromMs + Math.random() * Math.max(0, toMs - fromMs - lengthMs))
  return `from=${from}&to=${from + lengthMs}`
}

const month = ({ toMs }: Recorded): string => {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
  return `from=${day(toMs - 30 * DAY_MS)}&to=${day(toMs)}`
}

const measure = async (
  engine: string,
  options: CloudOptions,
  recorded: Recorded,
  generatedS: number,
): Promise<QueryRun[]> => {
  const cloud = await startCloud({
    ...{ httpPort: 0, mqttPort: 0, logLevel: 'error', minFreeBytes: 0, apiPerSecond: 100_000 },
    ...options,
  })
  try {
    const runs: QueryRun[] = []
    for (const [query, path] of QUERIES) {
      const tookMs: number[] = []
      let answerBytes = 0
      for (let at = 0; at < WARM_UP_REQUESTS + REQUESTS; at++) {
        const device = 1 + Math.floor(Math.random() * recorded.devices)
        const channel = `/api/devices/${PRODUCT}/cam${device}/channels/0`
        const fromMs = performance.now()
        const answer = await fetch(`${cloud.httpUrl}${path(channel, recorded)}`, {
          headers: { Authorization: `Bearer ${cloud.adminToken}` },
        })
        const body = await answer.arrayBuffer()
        if (answer.status !== 200) throw new Error(`${query}: ${answer.status}`)
        answerBytes = body.byteLength
        if (at >= WARM_UP_REQUESTS) tookMs.push(performance.now() - fromMs)
      }
      tookMs.sort((a, b) => a - b)
      const ms = (q: number) => Math.round(quantile(tookMs, q) * 10) / 10
      const run = {
        ...{ engine, rows: recorded.rows, generatedS, query, answerBytes },
        ...{ p50: ms(0.5), p95: ms(0.95), max: ms(1) },
      }
      runs.push(run)
      say(`${engine}: ${query}: p50 ${run.p50} ms, p95 ${run.p95} ms`)
    }
    return runs
  } finally {
    await cloud.close()
  }
}

const say = (text: string) => console.error(text)

/** What a kept folder holds is told by a file in it. */
const filled = async (
  folder: string,
  rows: number,
  fill: () => Promise<Recorded>,
): Promise<{ recorded: Recorded; generatedS: number }> => {
  const file = join(folder, `recorded-${rows}.json`)
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'))
  const from = performance.now()
  const recorded = await fill()
  const made = { recorded, generatedS: Math.round((performance.now() - from) / 1000) }
  writeFileSync(file, JSON.stringify(made))
  return made
}

const onPostgres = async (folder: string, rows: number): Promise<QueryRun[]> => {
  const server = await startPostgres({ kept: folder, settings: SETTINGS })
  try {
    const { recorded, generatedS } = await filled(folder, rows, async () => {
      const index = await openPostgresIndex(server.url, () => {})
      try {
        return await generate(index.db, rows, WORKERS, (text) => say(`PostgreSQL: ${text}`))
      } finally {
        await index.close()
      }
    })
    say(`PostgreSQL: ${recorded.rows} rows in ${generatedS} s`)
    const options = { dataDir: join(folder, 'cloud'), databaseUrl: server.url }
    return await measure('PostgreSQL', options, recorded, generatedS)
  } finally {
    await server.stop()
  }
}

const onPglite = async (folder: string, rows: number): Promise<QueryRun[]> => {
  mkdirSync(folder, { recursive: true })
  const { recorded, generatedS } = await filled(folder, rows, async () => {
    const index = await openPgliteIndex(join(folder, 'index'))
    try {
      return await generate(index.db, rows, 1, (text) => say(`PGlite: ${text}`))
    } finally {
      await index.close()
    }
  })
  say(`PGlite: ${recorded.rows} rows in ${generatedS} s`)
  return measure('PGlite', { dataDir: folder }, recorded, generatedS)
}

/**
 * How long a page waits for what it asks, with an index that years of recordings have filled.
 * @param options.folder where the rows are kept for the next time; absent: they are deleted
 */
export const runQueries = async (options: {
  rows?: number
  only?: string
  folder?: string
}): Promise<QueriesResult> => {
  const skipped: string[] = []
  const runs: QueryRun[] = []
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'skyrill-queries-'))
  if (options.folder === undefined) chmodSync(folder, 0o755)
  try {
    const missing = needPostgres()
    if (missing) skipped.push(missing)
    else if (options.only !== 'pglite')
      runs.push(...(await onPostgres(join(folder, 'postgres'), options.rows ?? POSTGRES_ROWS)))
    if (options.only !== 'postgres')
      runs.push(...(await onPglite(join(folder, 'pglite'), options.rows ?? PGLITE_ROWS)))
  } finally {
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true })
  }
  return { cases: [], machine: machine({ bun: process.versions.bun ?? '' }), runs, skipped }
}
