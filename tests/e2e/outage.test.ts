import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { iv_cs_notify_msg_type_e, iv_cs_upload_state_e } from '../../runtime/index.ts'
import { framesOf, looped } from '../support/frames.ts'
import { muxedTs } from '../support/muxed.ts'
import { reservePort } from '../support/ports.ts'
import { TestCamera } from '../support/test-camera.ts'
import { download, register, slicesOf } from './support/cloud-client.ts'
import { CloudProcess } from './support/cloud-process.ts'

const clip = (name: string): string =>
  fileURLToPath(new URL(`../../tools/demo/${name}`, import.meta.url))

/** The camera runs faster than real time, so that the test need not last as long as the recording. */
const SPEED = 3
const TURNS = 2
const CLIP_MS = 20_480
/** Places in the recording at which the cloud is killed, in the middle of slices. */
const KILLS_MS = [6000, 24_000]

test('the cloud is killed in the middle of a slice, twice: no byte is lost or doubled', {
  timeout: 118_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'skyrill-outage-'))
  const cloud = new CloudProcess(folder, [await reservePort(), await reservePort()])
  const address = await cloud.start()
  const identity = await register(address, 'camera')
  const camera = new TestCamera()
  try {
    // the buffer holds what is recorded while the cloud is away: about 0.45 Mbit/s for less than a minute
    await camera.open(identity, { u32MaxGopSize: 8 * 1024 * 1024 })
    await camera.started
    const frames = looped(
      await framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') }),
      TURNS,
      CLIP_MS,
    )
    const recording = camera.record(frames, SPEED)
    for (const [at, killMs] of KILLS_MS.entries()) {
      const beforeMs = at === 0 ? 0 : KILLS_MS[at - 1]!
      await new Promise((resolve) => setTimeout(resolve, (killMs - beforeMs) / SPEED))
      await cloud.kill()
      await new Promise((resolve) => setTimeout(resolve, 500))
      await cloud.start()
    }
    assert.deepEqual(await recording, [], 'the camera goes on: no frame is refused')
    await camera.close()

    const slices = await slicesOf(address, identity)
    const bytes = await download(address, slices)
    assert.ok(bytes.equals(await muxedTs(frames)), 'what arrived is what was muxed')
    assert.ok(slices.every(({ state }) => state === 'done'))
    assert.ok(camera.slices.every(({ state }) => state === iv_cs_upload_state_e.IV_CS_UPLOAD_OK))
    assert.equal(camera.slices.length, slices.length)
    const { IV_CS_AV_UPLOAD_CONNECT_FAIL: fail, IV_CS_AV_UPLOAD_CONNECT_RECOVER: recover } =
      iv_cs_notify_msg_type_e
    assert.deepEqual(
      camera.notices.filter((type) => type === fail || type === recover),
      KILLS_MS.flatMap(() => [fail, recover]),
      'each outage is told of once, and its end',
    )
  } finally {
    await camera.system.exit()
    await cloud.kill()
    rmSync(folder, { recursive: true, force: true })
  }
})
