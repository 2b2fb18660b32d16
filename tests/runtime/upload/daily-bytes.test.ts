import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FakeCloud } from '../../support/fake-cloud.ts'
import { framesOf, looped } from '../../support/frames.ts'
import { muxedTs } from '../../support/muxed.ts'
import { TestCamera } from '../../support/test-camera.ts'

const CLIP = fileURLToPath(new URL('../../../tools/demo/clip.h264', import.meta.url))
const CLIP_MS = 20_480
const MIB = 1024 * 1024

const waitFor = async (condition: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 3000 && !condition(); turn++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(condition(), 'waited 30 s')
}

test('dailyBytes: video waits when 3/4 are spent, after a restart as well; an event opens the rest', {
  timeout: 110_000,
}, async () => {
  const cloud = await new FakeCloud().start()
  const storePath = mkdtempSync(join(tmpdir(), 'skyrill-daily-'))
  const frames = looped(await framesOf(CLIP, 'h264'), 2, CLIP_MS)
  const muxed = await muxedTs(frames)
  assert.ok(muxed.length > 1.2 * MIB)
  const open = async (): Promise<TestCamera> => {
    const camera = new TestCamera()
    const identity = { productId: 'TEST', deviceName: 'camera', deviceSecret: 'secret' }
    const metered = { ...identity, cloudUrl: cloud.mqttUrl, storePath, dailyBytes: MIB }
    await camera.open(metered, { u32MaxGopSize: 4 * MIB })
    await camera.started
    // exitCs gives what waits no more time than it must
    camera.storage.setCsTransTime(1000, 1000)
    return camera
  }
  try {
    const first = await open()
    for (const frame of frames) assert.equal(first.push(frame), 0)
    await waitFor(() => first.storage.stats(0)!.uplink === 'budget')
    const { budget } = first.system.stats()
    assert.equal(budget!.limitBytes, MIB)
    assert.ok(budget!.usedBytes >= 0.75 * MIB)
    const sent = cloud.bytes.length
    assert.ok(sent < muxed.length)
    assert.ok(cloud.bytes.equals(muxed.subarray(0, sent)))
    await first.close()
    assert.ok(JSON.parse(readFileSync(join(storePath, 'day-budget.json'), 'utf8')).usedBytes > 0)

    const slices = cloud.slices.size
    const second = await open()
    for (const frame of frames.slice(0, 250)) assert.equal(second.push(frame), 0)
    await waitFor(() => second.storage.stats(0)!.uplink === 'budget')
    assert.equal(cloud.slices.size, slices, 'nothing was sent')
    assert.equal(second.storage.startCsEvent(0, 1, 'door'), 0)
    await waitFor(() => cloud.slices.size > slices)
    await second.close()
  } finally {
    rmSync(storePath, { recursive: true })
    await cloud.stop()
  }
})
