import { pictureObjectKey } from '../events/picture-key.ts'
import { EXPORTS_FOLDER } from '../export/export-files.ts'
import type { Ingest } from '../ingest/ingest.ts'
import { deviceKey, sliceObjectKey } from '../slice.ts'
import type { Device, IndexStore } from '../store/index/types.ts'
import type { StoredSlice } from '../store/index/usage-store.ts'
import type { ListedObject, ObjectStore } from '../store/objects/types.ts'

const PAGE = 1000
/** Objects that are new may belong to what the index learns in a moment. */
const YOUNG_MS = 3_600_000
/** Faults that are kept in memory, and so repaired, at a time. */
const FAULTS_MAX = 10_000
const EXAMPLES_MAX = 10
/** When more than this is wrong, it is not the index: a disk is not mounted, a bucket is another one. */
export const SAFE_PERCENT = 10

export type CheckParts = {
  index: IndexStore
  objects: ObjectStore
  ingest?: Pick<Ingest, 'live'>
  now: () => number
}

export type StorageCheck = {
  /** rows of the index */
  slices: number
  /** objects of the store; 0 when it cannot list them */
  objects: number
  /** rows whose object is not there, or too short */
  missing: number
  /** objects that no row names */
  orphans: number
  orphanBytes: number
  examples: string[]
  repaired: boolean
  /** why nothing was repaired, though it was asked for */
  refused: string | null
}

type Named = { device: Device; slice: StoredSlice }

/** `P/D/0/boot/12/boot-00012345.ts` or `P/D/0/pictures/boot/12/boot-00012345`. */
const KEY =
  /^([^/]+\/[^/]+)\/(\d+)\/(?:([0-9a-f]{16})\/\d+\/(\3-\d{8})\.(?:ts|mp4)|pictures\/[0-9a-f]{16}\/\d+\/([0-9a-f]{16}-\d{8}))$/

const parseKey = (key: string) => {
  const [, device, channel, , slice, picture] = KEY.exec(key) ?? []
  return device === undefined ? undefined : { device, channel: Number(channel), slice, picture }
}

/** Rows whose objects are not there. */
const findMissing = async (
  { index, objects }: CheckParts,
  devices: ReadonlyMap<number, Device>,
  report: StorageCheck,
): Promise<Named[]> => {
  const absent: Named[] = []
  for (let after: StoredSlice | undefined; ; ) {
    const page = await index.usage.page(after, PAGE)
    for (const slice of page) {
      const device = devices.get(slice.deviceId)
      if (!device) continue
      report.slices++
      const key = sliceObjectKey(device, slice)
      const size = await objects.size(key)
      if (size !== undefined && size >= slice.bytes) continue
      report.missing++
      if (report.examples.length < EXAMPLES_MAX)
        report.examples.push(`${key}: ${size === undefined ? 'not there' : `${size} bytes only`}`)
      if (size === undefined && absent.length < FAULTS_MAX) absent.push({ device, slice })
    }
    after = page.at(-1)
    if (page.length < PAGE) return absent
  }
}

const EXPORT_KEY = new RegExp(`^${EXPORTS_FOLDER}/([0-9a-f-]{36})\\.mp4$`)

/** Whether the index names an object. */
const isKnown = async (
  { index, ingest }: CheckParts,
  devices: ReadonlyMap<string, Device>,
  { key }: ListedObject,
): Promise<boolean> => {
  const exported = EXPORT_KEY.exec(key)?.[1]
  if (exported !== undefined) return (await index.exports.job(exported)) !== undefined
  const parsed = parseKey(key)
  const device = parsed && devices.get(parsed.device)
  if (!device) return false
  const { channel, slice, picture } = parsed
  if (slice !== undefined)
    return (
      (ingest?.live(device.id, channel) ?? []).some(({ id }) => id === slice) ||
      (await index.slice(device.id, channel, slice)) !== undefined
    )
  const event = await index.events.event(device.id, channel, picture!)
  return (
    event !== undefined &&
    event.pictureType !== null &&
    pictureObjectKey(device, channel, event.key) === key
  )
}

const findOrphans = async (
  parts: CheckParts,
  devices: ReadonlyMap<string, Device>,
  report: StorageCheck,
): Promise<ListedObject[]> => {
  const orphans: ListedObject[] = []
  const oldMs = parts.now() - YOUNG_MS
  for await (const object of parts.objects.list?.() ?? []) {
    report.objects++
    // a store that does not tell ages is not tidied
    if (!(object.changedMs <= oldMs) || (await isKnown(parts, devices, object))) continue
    report.orphans++
    report.orphanBytes += object.bytes
    if (report.examples.length < EXAMPLES_MAX) report.examples.push(`${object.key}: unknown`)
    if (orphans.length < FAULTS_MAX) orphans.push(object)
  }
  return orphans
}

/** Why not to repair: too much of it is wrong. */
const tooMuch = (report: StorageCheck, maxPercent: number): string | null => {
  const { missing, slices, orphans, objects } = report
  const of = (count: number, all: number) => (all === 0 ? 0 : (count * 100) / all)
  const say = (count: number, all: number, what: string) =>
    `${count} of ${all} ${what} are affected, more than ${maxPercent} %: is the right store mounted?`
  if (of(missing, slices) > maxPercent) return say(missing, slices, 'recordings')
  if (of(orphans, objects) > maxPercent) return say(orphans, objects, 'objects')
  return null
}

/**
 * Compares index and objects, both ways. What is repaired: rows whose object is not there go, and objects that no row names. Objects
 * that are too short are told of and kept. Nothing is repaired when more than `maxPercent` would go.
 */
export const checkStorage = async (
  parts: CheckParts,
  { repair = false, maxPercent = SAFE_PERCENT }: { repair?: boolean; maxPercent?: number } = {},
): Promise<StorageCheck> => {
  const report: StorageCheck = {
    slices: 0,
    objects: 0,
    missing: 0,
    orphans: 0,
    orphanBytes: 0,
    examples: [],
    repaired: false,
    refused: null,
  }
  const all = await parts.index.devices()
  const byId = new Map(all.map((device) => [device.id, device]))
  const byKey = new Map(all.map((device) => [deviceKey(device), device]))
  const absent = await findMissing(parts, byId, report)
  const orphans = await findOrphans(parts, byKey, report)
  if (!repair) return report
  report.refused = tooMuch(report, maxPercent)
  if (report.refused !== null) return report
  // asked again: an upload may have put it there meanwhile
  for (const { device, slice } of absent)
    if ((await parts.objects.size(sliceObjectKey(device, slice))) === undefined)
      await parts.index.deleteSlices(device.id, slice.channel, [slice.id])
  for (const object of orphans)
    if (!(await isKnown(parts, byKey, object))) await parts.objects.delete(object.key)
  report.repaired = true
  return report
}
