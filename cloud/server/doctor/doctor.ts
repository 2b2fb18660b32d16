import { randomBytes } from 'node:crypto'
import { statfs } from 'node:fs/promises'
import { sql } from 'drizzle-orm'
import type { Ingest } from '../ingest/ingest.ts'
import { errorText } from '../log.ts'
import { checkStorage } from '../storage/check.ts'
import { MIGRATIONS } from '../store/index/migrations.ts'
import type { IndexStore } from '../store/index/types.ts'
import { indexedObjects } from '../store/indexed-objects.ts'
import type { ObjectStore } from '../store/objects/types.ts'

/** Clocks of server and database, and of devices: what is signed holds for minutes. */
const SKEW_MAX_MS = 5000
const CLOCK_KNOWN_FROM_MS = Date.UTC(2024, 0, 1)
const CHECK_TIMEOUT_MS = 10_000
/** Keys that are named of each kind of fault. */
const NAMED_MAX = 5
const PROBE = 'doctor/probe'

export type Finding = { check: string; ok: boolean; detail: string }

export type DoctorParts = {
  index: IndexStore
  objects: ObjectStore
  folder: string
  minFreeBytes: number
  /** undefined: not running, so nothing is known of it */
  broker?: { isReady(): boolean | Promise<boolean>; url: string }
  ingest?: Pick<Ingest, 'live'>
  now: () => number
}

const MIB = 1024 * 1024

const within = async <T>(work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), CHECK_TIMEOUT_MS)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

const some = (keys: readonly string[]): string =>
  keys.length > NAMED_MAX ? `${keys.slice(0, NAMED_MAX).join(', ')}, …` : keys.join(', ')

const checkIndex = async ({ index }: DoctorParts): Promise<string> => {
  const from = performance.now()
  const { rows } = (await within(
    Promise.resolve(
      index.db.execute(sql`select max(version)::integer as version from schema_version`),
    ),
  )) as unknown as { rows: { version: number }[] }
  const version = rows[0]?.version
  if (version !== MIGRATIONS.length)
    throw new Error(`it has schema version ${version}, this server knows ${MIGRATIONS.length}`)
  return `answered in ${Math.round(performance.now() - from)} ms, schema version ${version}`
}

/** Writes, reads and deletes: a store that only reads is found before a camera finds it. */
const checkObjects = async ({ objects }: DoctorParts): Promise<string> => {
  const data = randomBytes(1024)
  const from = performance.now()
  await within(objects.put(PROBE, data))
  try {
    const read = await within(new Response(objects.read(PROBE, 0, data.length)).arrayBuffer())
    if (!data.equals(Buffer.from(read))) throw new Error('what is read is not what was written')
  } finally {
    await within(objects.delete(PROBE))
  }
  return `wrote, read and deleted 1 KiB in ${Math.round(performance.now() - from)} ms`
}

const checkDisk = async ({ folder, minFreeBytes }: DoctorParts): Promise<string> => {
  const { bavail, blocks, bsize } = await statfs(folder)
  const free = bavail * bsize
  const text = `${Math.round(free / MIB)} MiB of ${Math.round((blocks * bsize) / MIB)} MiB are free`
  if (free < minFreeBytes)
    throw new Error(`${text}; uploads are refused below ${Math.round(minFreeBytes / MIB)} MiB`)
  return text
}

const checkClock = async ({ index, now }: DoctorParts): Promise<string> => {
  if (now() < CLOCK_KNOWN_FROM_MS) throw new Error('the clock of this machine was never set')
  const before = now()
  const { rows } = (await within(
    Promise.resolve(
      index.db.execute(sql`select (extract(epoch from clock_timestamp()) * 1000)::bigint as ms`),
    ),
  )) as unknown as { rows: { ms: string | number }[] }
  const skewMs = Math.round(Number(rows[0]?.ms) - (before + now()) / 2)
  const text = `${Math.abs(skewMs)} ms from the clock of the index`
  if (Math.abs(skewMs) > SKEW_MAX_MS) throw new Error(text)
  return text
}

/** Every object that the index speaks of is there, with all its bytes. */
const checkRecordings = async ({ index, objects }: DoctorParts): Promise<string> => {
  const missing: string[] = []
  const short: string[] = []
  let checked = 0
  for await (const { key, bytes } of indexedObjects(index.db)) {
    checked++
    const size = await within(objects.size(key))
    if (size === undefined) missing.push(key)
    else if (size < bytes) short.push(key)
  }
  const faults = [
    ...(missing.length > 0 ? [`${missing.length} objects are missing: ${some(missing)}`] : []),
    ...(short.length > 0 ? [`${short.length} objects are too short: ${some(short)}`] : []),
  ]
  if (faults.length > 0) throw new Error(faults.join('; '))
  return `${checked} objects that the index names are there, with all their bytes`
}

/** The other way round: nothing lies in the store that the index does not know. */
const checkOrphans = async ({ index, objects, ingest, now }: DoctorParts): Promise<string> => {
  // what is still growing is known to the server alone
  if (!ingest) return 'the server is not running; objects without a row were not looked for'
  const {
    orphans,
    orphanBytes,
    objects: listed,
  } = await checkStorage({ index, objects, ingest, now })
  if (orphans > 0)
    throw new Error(
      `${orphans} objects (${Math.ceil(orphanBytes / MIB)} MiB) are in no row; POST /api/storage/check {"repair": true} deletes them`,
    )
  return `${listed} objects of the store, each is known to the index or new`
}

const checkBroker = async ({ broker }: DoctorParts): Promise<string> => {
  if (!broker) return 'the server is not running; its broker was not asked'
  if (!(await broker.isReady())) throw new Error(`${broker.url} is not connected`)
  return `${broker.url} is there`
}

const CHECKS: [string, (parts: DoctorParts) => Promise<string>][] = [
  ['index', checkIndex],
  ['objects', checkObjects],
  ['broker', checkBroker],
  ['disk', checkDisk],
  ['clock', checkClock],
  ['recordings', checkRecordings],
  ['orphans', checkOrphans],
]

/** Looks whether everything that the server needs is there, and whether index and objects agree. */
export const examine = async (parts: DoctorParts): Promise<Finding[]> => {
  const findings: Finding[] = []
  for (const [check, run] of CHECKS)
    findings.push(
      await run(parts).then(
        (detail) => ({ check, ok: true, detail }),
        (error) => ({ check, ok: false, detail: errorText(error) }),
      ),
    )
  return findings
}
