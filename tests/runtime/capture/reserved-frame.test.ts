import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Channel } from '../../../runtime/channel/channel.ts'
import { openCore } from '../../../runtime/channel/core-store.ts'
import { CloudStorage, iv_err_code_e, ReservedFrame, System } from '../../../runtime/index.ts'
import { checkInit } from '../../../runtime/options.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { type Frame, framesOf } from '../../support/frames.ts'
import { initParams, quiet } from '../../support/test-camera.ts'

const CLIP = fileURLToPath(new URL('../../../tools/demo/clip.h264', import.meta.url))
const VIDEO = 1
const RING_BYTES = 4 * 1024 * 1024

const openChannel = async () => {
  const checked = checkInit(initParams({ u32MaxGopSize: RING_BYTES }))
  assert.ok('value' in checked)
  const { channels, callbacks } = checked.value
  const core = await openCore(channels[0]!)
  assert.ok(!('message' in core))
  const channel = new Channel(channels[0]!, { clock: new FakeClock(), log: quiet, core, callbacks })
  channel.plan(true)
  return { channel, core }
}

const recorded = ({ channel, core }: Awaited<ReturnType<typeof openChannel>>): Buffer => {
  channel.finish()
  return Buffer.concat(core.span(0, core.head))
}

describe('a picture that is written where it will be muxed', () => {
  test('gives the bytes that a pack of pushCsStream gives', async () => {
    const frames: Frame[] = await framesOf(CLIP, 'h264')
    const [inPlace, copied] = [await openChannel(), await openChannel()]
    const reserved = new ReservedFrame()
    for (const { data, ptsMs, seq, key } of frames) {
      const eFrameType = key ? 0 : 1
      // a driver reserves for the largest picture and then knows its length
      assert.equal(inPlace.channel.reserve(data.length + 1000, reserved), 0)
      reserved.pu8Addr.set(data, reserved.address)
      Object.assign(reserved, { u32Len: data.length, u64PTS: ptsMs, u32Seq: seq, eFrameType })
      assert.equal(inPlace.channel.push(VIDEO, reserved), 0)
      const pack = { pu8Addr: data, u64PTS: ptsMs, u32Seq: seq, eFrameType }
      assert.equal(copied.channel.push(VIDEO, pack), 0)
    }
    assert.ok(recorded(inPlace).equals(recorded(copied)))
  })

  test('more than the ring has is refused and counted; the channel goes on', async () => {
    const { channel } = await openChannel()
    const reserved = new ReservedFrame()
    assert.equal(channel.reserve(2 * RING_BYTES, reserved), iv_err_code_e.IV_ERR_CS_PRM_MALLOC_FAIL)
    assert.equal(channel.refused, 1)
    assert.equal(channel.reserve(1000, reserved), 0)
  })

  test('a length that lies and an address elsewhere get a status', async () => {
    const { channel, core } = await openChannel()
    const reserved = new ReservedFrame()
    assert.equal(channel.reserve(1000, reserved), 0)
    for (const [address, u32Len] of [
      [reserved.address, core.memoryBytes],
      [-1, 100],
      [core.memoryBytes - 10, 100],
      [Number.NaN, 100],
      [reserved.address, 0],
    ] as const) {
      Object.assign(reserved, { address, u32Len, u64PTS: 0, u32Seq: 0, eFrameType: 0 })
      assert.notEqual(channel.push(VIDEO, reserved), 0, `${address}, ${u32Len}`)
    }
  })

  test('before initCs and with wrong arguments: a code', async () => {
    const storage = new CloudStorage(new System())
    assert.equal(
      storage.reserveCsFrame(0, 1000, new ReservedFrame()),
      iv_err_code_e.IV_ERR_CS_PRM_NOT_AVAILABLE,
    )
    assert.match(storage.lastError(0).message, /initCs/)
  })
})
