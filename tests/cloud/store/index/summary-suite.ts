import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { mergeIntervals } from '../../../../cloud/server/catalog.ts'
import { sliceSpan } from '../../../../cloud/server/slice.ts'
import { BUCKET_MS, SPAN_GAP_MS } from '../../../../cloud/server/store/index/slice-summary.ts'
import type { Device, IndexStore, Slice } from '../../../../cloud/server/store/index/types.ts'
import { BOOT, pieces, SECRET, sliceId, sliceStart } from '../../support/device.ts'

/** Where a bucket of the summary ends and the next begins. */
const T0 = Math.ceil(1_780_000_000_000 / BUCKET_MS) * BUCKET_MS
const CHANNELS = 2

/** The same numbers every time: what fails can be looked at. */
const numbers = (seed: number) => {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Gaps about as long as what is joined, and as long as hours; now and then a slice that begins inside the one before. */
const GAPS_MS = [0, 0, 0, 1, SPAN_GAP_MS, SPAN_GAP_MS + 1, 4000, 3_600_000, -3000]

type Summary = {
  device_id: number
  channel: number
  bucket: number
  slices: string | number
  bytes: string | number
  spans: string
}

/** The summary, and what it is of the slices as they are. */
const SUMMARY = sql`select device_id, channel, bucket, slices::text, bytes::text, spans::text
  from slice_summaries where slices > 0 order by 1, 2, 3`
const FROM_SLICES = sql`select device_id, channel, (start_ms / ${sql.raw(String(BUCKET_MS))})::integer as bucket,
  count(*)::text as slices, sum(bytes)::text as bytes, coalesce(
    range_agg(int8range(start_ms, end_ms + ${sql.raw(String(SPAN_GAP_MS))})) filter (where end_ms > start_ms),
    int8multirange())::text as spans
  from slices group by 1, 2, 3 order by 1, 2, 3`

export const checkSummary = async (index: IndexStore): Promise<number> => {
  const rows = async (query: typeof SUMMARY) =>
    ((await index.db.execute(query)) as unknown as { rows: Summary[] }).rows
  const kept = await rows(SUMMARY)
  assert.deepEqual(kept, await rows(FROM_SLICES))
  return kept.length
}

/** Every index store passes this: what is summed up is what the slices are, whatever happened to them. */
export const summarySuite = (
  name: string,
  open: () => Promise<IndexStore>,
  { rounds, seed }: { rounds: number; seed: number },
): void => {
  describe(`summary of slices: ${name}`, () => {
    let index: IndexStore
    const devices: Device[] = []

    before(async () => {
      index = await open()
      for (const deviceName of ['cam1', 'cam2'])
        devices.push(
          (await index.createDevice({
            ...{ productId: 'S1', deviceName, secret: SECRET, label: '', createdMs: T0 },
          }))!,
        )
    })
    after(() => index.close())

    test('puts, growth, corrections and deletions in any order: the summary is what the slices say', async () => {
      const pick = numbers(seed)
      const there = new Map<string, Slice>()
      const keyOf = (slice: Slice) => `${slice.deviceId}/${slice.channel}/${slice.id}`
      const atMs = devices.map(() => Array.from({ length: CHANNELS }, () => T0 - 3_600_000))
      let made = 0
      const newSlice = (): Slice => {
        const device = pick(devices.length)
        const channel = pick(CHANNELS)
        const startMs = atMs[device]![channel]! + GAPS_MS[pick(GAPS_MS.length)]!
        // now and then one without a picture yet
        const parts = pick(9) === 0 ? [] : pieces(1 + pick(5), { startMs })
        atMs[device]![channel] = startMs + 2000 * parts.length
        return {
          ...sliceStart({ id: sliceId(++made), startUtcMs: startMs }),
          deviceId: devices[device]!.id,
          channel,
          state: 'open',
          bytes: parts.reduce((sum, { b }) => sum + b, 0),
          pieces: parts,
        }
      }
      const put = async (slices: Slice[]) => {
        for (const slice of slices) there.set(keyOf(slice), slice)
        await index.putSlices(slices)
      }
      let buckets = 0
      for (let round = 0; round < rounds; round++) {
        const some = [...there.values()].filter(() => pick(12) === 0)
        switch (pick(6)) {
          case 0:
            // they grow
            await put(
              some.map((slice) => {
                const parts = pieces(slice.pieces.length + 1, { startMs: slice.startUtcMs })
                return { ...slice, pieces: parts, bytes: parts.reduce((sum, { b }) => sum + b, 0) }
              }),
            )
            break
          case 1:
            // they are put again, as they are
            await put(some)
            break
          case 2:
            for (const slice of some) {
              there.delete(keyOf(slice))
              await index.deleteSlices(slice.deviceId, slice.channel, [slice.id])
            }
            break
          case 3: {
            const first = 1 + pick(made + 1)
            const channel = pick(CHANNELS)
            const device = devices[pick(devices.length)]!
            const shiftMs = (pick(3) - 1) * (pick(2) === 0 ? 3000 : 90_000_000)
            await index.clock.correct(device.id, {
              bootId: BOOT,
              shifts: [{ channel, kind: 'slice', first, last: first + 5, shiftMs }],
            })
            break
          }
          default:
            await put(Array.from({ length: 1 + pick(8) }, newSlice))
        }
        buckets = Math.max(buckets, await checkSummary(index))
        await checkTimelines()
        await checkUsage()
      }
      // what is made may be moved and deleted again
      assert.ok(buckets > 1, `${buckets} buckets`)

      async function stored(deviceId: number, channel: number): Promise<Slice[]> {
        const found = await Promise.all(
          [...there.values()]
            .filter((slice) => slice.deviceId === deviceId && slice.channel === channel)
            .map(({ id }) => index.slice(deviceId, channel, id)),
        )
        return found.map((slice) => slice!)
      }
      async function checkTimelines(): Promise<void> {
        const deviceId = devices[pick(devices.length)]!.id
        const channel = pick(CHANNELS)
        const spans = (await stored(deviceId, channel)).map(sliceSpan)
        const edges = spans.flatMap(({ startMs, endMs }) => [startMs, endMs])
        for (let at = 0; at < 3; at++) {
          // an end of a slice, or a moment close to one
          const edge = () => (edges[pick(edges.length)] ?? T0) + [0, 1, -1, 300, -700][pick(5)]!
          const [fromMs, toMs] = [edge(), edge() + 1].sort((a, b) => a - b) as [number, number]
          const inside = spans.filter(
            (span) => span.endMs > span.startMs && span.endMs > fromMs && span.startMs < toMs,
          )
          const range = { deviceId, channel, fromMs, toMs }
          for (const gapMs of [0, SPAN_GAP_MS - 1, SPAN_GAP_MS, 1000, 5000, 8_000_000])
            assert.deepEqual(
              await index.timeline(range, gapMs),
              mergeIntervals(inside, gapMs),
              `${JSON.stringify(range)}, ${gapMs} ms`,
            )
        }
      }
      async function checkUsage(): Promise<void> {
        const all = await index.usage.bytesByDevice()
        for (const { id } of devices) {
          const own = [...there.values()].filter((slice) => slice.deviceId === id)
          const bytes = own.reduce((sum, slice) => sum + slice.bytes, 0)
          assert.equal(all.get(id) ?? 0, bytes)
          const channels = await index.usage.ofDevice(id)
          assert.equal(
            channels.reduce((sum, channel) => sum + channel.bytes, 0),
            bytes,
          )
          assert.equal(
            channels.reduce((sum, channel) => sum + channel.slices, 0),
            own.length,
          )
        }
      }
    })

    test('a device that is deleted leaves nothing in it', async () => {
      await index.deleteDevice(devices[0]!.id)
      const left = await checkSummary(index)
      await index.deleteDevice(devices[1]!.id)
      assert.ok(left > 0)
      assert.equal(await checkSummary(index), 0)
    })
  })
}
