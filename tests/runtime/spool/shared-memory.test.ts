import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FakeClock } from '../../support/fake-clock.ts'
import { framesOf } from '../../support/frames.ts'
import { muxedTs } from '../../support/muxed.ts'
import { SimCloud, SimDevice } from '../../support/sim-device.ts'

const CLIP = fileURLToPath(new URL('../../../tools/demo/clip.h264', import.meta.url))

test('a ring in memory that a Worker shares is kept like any other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'skyrill-shared-'))
  try {
    const frames = await framesOf(CLIP, 'h264')
    const clock = new FakeClock()
    const cloud = new SimCloud(clock)
    const device = await new SimDevice({
      clock,
      cloud,
      channel: { u32MaxGopSize: 256 * 1024, capture_queue_bytes: 256 * 1024 },
      extra: { spool: { path: folder, maxBytes: 64 * 1024 * 1024 } },
    }).open()
    cloud.network = 'down'
    for (const [at, frame] of frames.entries()) {
      assert.equal(device.push(frame), 0, device.storage.lastError(0).message)
      if (at % 5 === 4) await clock.advance(200)
    }
    assert.equal(device.storage.spoolStatus()!.fault, '')
    cloud.network = 'up'
    device.online()
    for (let at = 0; at < 300 && device.storage.spoolStatus()!.slices > 1; at++)
      await clock.advance(1000)
    await device.close()
    const ids = [...cloud.slices.keys()].sort()
    const bytes = Buffer.concat(ids.map((id) => cloud.slices.get(id)!.data))
    assert.ok(bytes.equals(await muxedTs(frames)))
    assert.deepEqual(device.storage.losses(), [])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
