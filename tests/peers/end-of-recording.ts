import assert from 'node:assert/strict'
import { type TestCloud, until } from '../cloud/support/cloud.ts'
import { download, slicesOf } from '../e2e/support/cloud-client.ts'
import type { Frame } from '../support/frames.ts'
import { muxedTs } from '../support/muxed.ts'
import type { Identity, TestCamera } from '../support/test-camera.ts'

/** A recording arrives whole, and is ended by a plan that the cloud pushes to its device. */
export const endsWholeByPlan = async (
  cloud: TestCloud,
  camera: TestCamera,
  identity: Identity,
  frames: readonly Frame[],
  patienceMs: number,
): Promise<void> => {
  const path = `/devices/${identity.productId}/${identity.deviceName}/channels/0/plan`
  await until('the last byte', () => camera.storage.stats(0)!.bufferedBytes === 0, patienceMs)
  assert.equal((await cloud.api('PUT', path, { type: 'none' })).status, 200)
  await until('the stop callback', () => camera.stops === 1, patienceMs)
  await camera.close()
  const bytes = await download(cloud, await slicesOf(cloud, identity))
  assert.ok(bytes.equals(await muxedTs(frames)), 'every byte, and no byte twice')
}
