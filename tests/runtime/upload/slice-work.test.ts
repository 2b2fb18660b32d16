import assert from 'node:assert/strict'
import { before, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type ChannelCore, openCore } from '../../../runtime/channel/core-store.ts'
import { SliceIds } from '../../../runtime/channel/slice-ids.ts'
import { checkInit } from '../../../runtime/options.ts'
import { type SliceResult, SliceWork } from '../../../runtime/upload/slice-work.ts'
import { type Frame, framesOf } from '../../support/frames.ts'
import { initParams } from '../../support/test-camera.ts'

const CLIP = fileURLToPath(new URL('../../../tools/demo/clip.h264', import.meta.url))
const UTC_MS = Date.UTC(2026, 5, 1)
const RING_BYTES = 256 * 1024

/** A ring that evicts, and the work on what is in it. An append is sent of which nobody knows whether it has arrived. */
describe('slice work', () => {
  let frames: Frame[]
  let core: ChannelCore
  let work: SliceWork
  let pushed = 0
  const results: SliceResult[] = []
  before(async () => {
    frames = await framesOf(CLIP, 'h264')
  })

  const open = async (leavesRest: boolean): Promise<void> => {
    const checked = checkInit(initParams({ u32MaxGopSize: RING_BYTES }))
    if ('faults' in checked) throw new Error(checked.faults[0]!.message)
    const opened = await openCore(checked.value.channels[0]!, true)
    if ('message' in opened) throw new Error(opened.message)
    core = opened
    pushed = 0
    results.length = 0
    let number = 0
    work = new SliceWork({
      store: core,
      ids: new SliceIds('0123456789abcdef', () => ++number),
      leavesRest,
      onAcknowledged() {},
      onReleased() {},
      onSlice: (result) => void results.push({ ...result }),
    })
  }

  const push = (): void => {
    const { data, ptsMs, seq, key } = frames[pushed++]!
    const pack = { pu8Addr: data, u64PTS: ptsMs, u32Seq: seq, eFrameType: key ? 0 : 1 }
    assert.ok(core.pushVideo(pack, UTC_MS + ptsMs) >= 0)
  }

  /** Sends the most that an append has room for; returns where in the upload it ends. The answer does not come. */
  const sendInDoubt = (): number => {
    while (core.head < RING_BYTES / 2) push()
    work.look()
    const upload = work.upload!
    const { offset, views } = upload.next(RING_BYTES)
    upload.location = new URL(`http://cloud/${upload.id}`)
    upload.uncertain = true
    return offset + views.reduce((sum, { length }) => sum + length, 0)
  }

  const pushUntilEvicted = (position: number): void => {
    while (core.tail <= position) push()
  }

  beforeEach(() => open(false))

  test('evicted, and perhaps at the cloud: it has to say before the rest becomes a slice by itself', () => {
    const to = sendInDoubt()
    const upload = work.upload!
    pushUntilEvicted(0)
    assert.ok(core.tail < upload.positionOf(to))
    work.look()
    assert.equal(work.upload, upload)
    assert.equal(upload.uncertain, true)
    // it has arrived: nothing is missing, the slice goes on
    upload.uncertain = false
    assert.ok(upload.canResumeAt(to))
    work.acknowledge(to, false)
    work.look()
    assert.equal(work.upload, upload)
    assert.deepEqual(results, [])
  })

  test('evicted, and not at the cloud: what is left goes on by itself', () => {
    sendInDoubt()
    const upload = work.upload!
    pushUntilEvicted(0)
    upload.uncertain = false
    work.look()
    assert.notEqual(work.upload?.id, upload.id)
    assert.equal(work.upload?.startPosition, core.tail)
  })

  test('what is lost of a slice is known before the slice is over and told of', () => {
    sendInDoubt()
    const upload = work.upload!
    assert.equal(work.untoldSinceMs, undefined)
    pushUntilEvicted(0)
    upload.uncertain = false
    work.look()
    assert.equal(work.untoldSinceMs, UTC_MS)
    assert.equal(results.length, 0)
    // acknowledged or not: the beginning is missing
    work.end(true)
    assert.equal(results[0]?.whole, false)
    assert.equal(work.untoldSinceMs, undefined)
  })

  test('all that may be at the cloud is evicted: nothing of it can come twice, nobody is asked', () => {
    const to = sendInDoubt()
    const upload = work.upload!
    pushUntilEvicted(upload.positionOf(to))
    work.look()
    assert.notEqual(work.upload?.id, upload.id)
    assert.ok(work.upload!.startPosition >= upload.positionOf(to))
  })

  test('where somebody else sends the rest, and asks for it, the work goes on with what comes next', async () => {
    await open(true)
    sendInDoubt()
    const upload = work.upload!
    pushUntilEvicted(0)
    work.look()
    assert.notEqual(work.upload, upload)
  })
})
