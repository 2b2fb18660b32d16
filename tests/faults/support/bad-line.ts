/** A recording from a device to the real cloud over this machine's loopback, whatever that is like; says whether every byte arrived. */
import assert from 'node:assert/strict'
import { download } from '../../e2e/support/cloud-client.ts'
import { muxedTs } from '../../support/muxed.ts'
import { demoFrames, openRig, settled } from './rig.ts'

const rig = await openRig()
try {
  const frames = (await demoFrames()).filter(({ ptsMs }) => ptsMs < 8000)
  const camera = await rig.camera('camera', { u32MaxGopSize: 8 * 1024 * 1024 })
  const startMs = performance.now()
  assert.deepEqual(await camera.record(frames, 4), [])
  await settled(camera)
  const { retries, appends } = camera.storage.stats(0)!
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
  await camera.close()
  const bytes = await download(rig.cloud, await rig.slicesOf(camera))
  assert.ok(bytes.equals(await muxedTs(frames)), 'every byte, and no byte twice')
  console.log(`${bytes.length} bytes in ${seconds} s, ${appends} appends, ${retries} retries`)
} finally {
  await rig.close()
}
process.exit(0)
