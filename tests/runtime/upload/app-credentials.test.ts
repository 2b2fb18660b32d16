import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  CloudStorage,
  type CredentialProvider,
  type CredentialReason,
  System,
} from '../../../runtime/index.ts'
import { FakeCloud } from '../../support/fake-cloud.ts'
import { framesOf } from '../../support/frames.ts'
import { muxedTs } from '../../support/muxed.ts'
import { initParams, quiet } from '../../support/test-camera.ts'

const CLIP = fileURLToPath(new URL('../../../tools/demo/clip.h264', import.meta.url))

test("upload tokens of the app's own: the cloud is never asked for any over MQTT", {
  timeout: 60_000,
}, async () => {
  const cloud = await new FakeCloud().start()
  const asked: [number, CredentialReason][] = []
  let refused = 0
  // the first token is refused in the middle of the recording
  cloud.fault = ({ method }) =>
    method === 'PATCH' && asked.length === 1 && ++refused === 3
      ? { kind: 'answer', status: 401 }
      : undefined
  const credentials: CredentialProvider = async (channel, reason) => {
    asked.push([channel, reason])
    return {
      token: `own-${asked.length}`,
      url: `${cloud.httpUrl}/uploads/${channel}`,
      expiresAtMs: Date.now() + 3_600_000,
    }
  }
  const system = new System()
  const storage = new CloudStorage(system, { credentials })
  const identity = { productId: 'TEST', deviceName: 'camera', deviceSecret: 'secret' }
  await system.init({ ...identity, cloudUrl: cloud.mqttUrl, logger: quiet })
  const started = new Promise<void>((resolve) => {
    void storage.initCs(
      initParams({ u32MaxGopSize: 4 * 1024 * 1024 }, { onStartPushStream: () => resolve() }),
    )
  })
  await started
  const frames = (await framesOf(CLIP, 'h264')).filter(({ ptsMs }) => ptsMs < 12_000)
  for (const [at, frame] of frames.entries()) {
    const pack = {
      pu8Addr: frame.data,
      u64PTS: frame.ptsMs,
      u32Seq: frame.seq,
      eFrameType: frame.key ? 0 : 1,
    }
    assert.equal(storage.pushCsStream(0, 1, pack), 0)
    if (at % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await storage.exitCs()
  await system.exit()
  assert.ok(cloud.bytes.equals(await muxedTs(frames)))
  assert.deepEqual(asked, [
    [0, 'first'],
    [0, 'refused'],
  ])
  assert.ok(!cloud.received.some(({ method }) => method === 'upload_token'))
  await cloud.stop()
})
