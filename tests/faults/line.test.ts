/**
 * Faults of the line that are not about one request: the connection to the broker, TLS, names, a line that is slow, answers that overtake each other.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { iv_cs_notify_msg_type_e } from '../../runtime/index.ts'
import { until } from '../cloud/support/cloud.ts'
import { download } from '../e2e/support/cloud-client.ts'
import { TestAuthority } from '../support/certificates.ts'
import type { Fault } from '../support/fault-proxy.ts'
import { muxedTs } from '../support/muxed.ts'
import { withTempFolder } from '../support/paths.ts'
import { openTlsFront } from '../support/tls-front.ts'
import { needTool } from '../support/tools.ts'
import { demoFrames, openRig, PATIENCE_MS, type Rig, settled } from './support/rig.ts'

const { IV_CS_AV_UPLOAD_CONNECT_FAIL: FAIL, IV_CS_AV_UPLOAD_CONNECT_RECOVER: RECOVER } =
  iv_cs_notify_msg_type_e
const BUFFER = { u32MaxGopSize: 8 * 1024 * 1024 }

/** Opens a rig for one test and closes it, whatever happens. */
const withRig = async (
  use: (rig: Rig) => Promise<void>,
  options: Parameters<typeof openRig>[0] = {},
): Promise<void> => {
  const rig = await openRig(options)
  try {
    await use(rig)
  } finally {
    await rig.close()
  }
}

const BROKER_FAULTS: readonly Fault[] = [
  { kind: 'refuse' },
  { kind: 'cut' },
  { kind: 'reset' },
  { kind: 'stall' },
  { kind: 'half-open' },
  { kind: 'delay', ms: 700 },
  { kind: 'garbage' },
]

describe('the connection to the broker', { timeout: 600_000 }, () => {
  for (const fault of BROKER_FAULTS)
    test(fault.kind, { timeout: 4 * PATIENCE_MS }, () =>
      withRig(async (rig) => {
        const frames = await demoFrames()
        const half = frames.findIndex(({ ptsMs }) => ptsMs >= 12_000)
        const camera = await rig.camera('camera', BUFFER)
        await camera.record(frames.slice(0, half))
        await settled(camera)
        await rig.mqtt.set(fault)
        // uploads need the broker for a token alone: the rest arrives meanwhile
        await camera.record(frames.slice(half))
        await settled(camera)
        const balance = { cs_switch: -1, cs_days: 0, cs_type: 0, free_trial_remaining_sec: 0 }
        const ask = () => camera.storage.getCsBalanceInfo(0, balance, 1)
        while (rig.mqtt.hits === 0) await ask()
        await rig.mqtt.heal()
        await until('an answer of the broker', async () => (await ask()) === 0, PATIENCE_MS)
        assert.equal(camera.system.online, true)
        await camera.close()
        const bytes = await download(rig.cloud, await rig.slicesOf(camera))
        assert.ok(bytes.equals(await muxedTs(frames)), 'every byte, and no byte twice')
        assert.equal(camera.notices.filter((type) => type === FAIL).length, 0, 'the line was well')
      }),
    )
})

describe('TLS', { timeout: 600_000, skip: needTool('openssl') }, () => {
  const cases = [
    { name: 'a certificate of another authority', issue: 'other' },
    { name: 'a certificate for another name', issue: 'name' },
    { name: 'no TLS at all', issue: 'plain' },
  ] as const
  for (const { name, issue } of cases)
    test(
      `${name}: nothing is sent there, and what waits arrives when the right one is back`,
      {
        timeout: 4 * PATIENCE_MS,
      },
      () =>
        withTempFolder(async (folder) => {
          const authority = new TestAuthority(folder)
          const good = authority.issue('good')
          const bad =
            issue === 'other'
              ? new TestAuthority(folder, 'other').issue('bad')
              : authority.issue('bad', 'DNS:elsewhere.test')
          let direct = 0
          const front = await openTlsFront(good, () => direct)
          const wrong = await openTlsFront(bad, () => direct)
          await withRig(
            async (rig) => {
              // device - proxy - TLS - cloud
              direct = portOf(rig.cloud.httpUrl)
              rig.http.target = front.port
              const frames = await demoFrames()
              const half = frames.findIndex(({ ptsMs }) => ptsMs >= 12_000)
              const camera = await rig.camera('camera', BUFFER)
              camera.storage.setCsTransTime(1000, 1000)
              await camera.record(frames.slice(0, half))
              await settled(camera)
              const arrived = async () =>
                (await rig.slicesOf(camera)).reduce((sum, { bytes }) => sum + bytes, 0)
              const before = await arrived()
              await rig.http.set({
                kind: 'elsewhere',
                port: issue === 'plain' ? direct : wrong.port,
              })
              const rest = camera.record(frames.slice(half))
              await until('three tries', () => rig.http.hits >= 3, PATIENCE_MS)
              await until('a notice', () => camera.notices.includes(FAIL), PATIENCE_MS)
              assert.equal(await arrived(), before, 'nothing was sent to the wrong one')
              await rig.http.heal()
              await rest
              await settled(camera)
              await camera.close()
              const bytes = await download(rig.cloud, await rig.slicesOf(camera))
              assert.ok(bytes.equals(await muxedTs(frames)), 'every byte, and no byte twice')
              const lines = camera.notices.filter((type) => type === FAIL || type === RECOVER)
              assert.deepEqual(lines, [FAIL, RECOVER])
            },
            { protocol: 'tcp', urlOf: (port) => `https://127.0.0.1:${port}`, ca: authority.ca },
          )
          await front.stop()
          await wrong.stop()
        }),
    )
})

const portOf = (url: string): number => Number(new URL(url).port)

test(
  '1 KB/s: appends shrink until they fit the line, and all arrives when it is faster again',
  {
    timeout: 600_000,
  },
  () =>
    withRig(async (rig) => {
      const frames = await demoFrames()
      const camera = await rig.camera('camera', BUFFER)
      await camera.record(frames.slice(0, 300))
      await settled(camera)
      await rig.http.set({ kind: 'throttle', bytesPerS: 1024 })
      await camera.record(frames.slice(300))
      const before = camera.storage.stats(0)!.bufferedBytes
      assert.ok(before > 0)
      await until(
        'an acknowledgement at 1 KB/s',
        () => camera.storage.stats(0)!.bufferedBytes < before,
        3 * PATIENCE_MS,
      )
      await rig.http.heal()
      await settled(camera)
      await camera.close()
      const bytes = await download(rig.cloud, await rig.slicesOf(camera))
      assert.ok(bytes.equals(await muxedTs(frames)), 'every byte, and no byte twice')
    }),
)

test('answers overtake each other: two cameras, each in its own order', { timeout: 600_000 }, () =>
  withRig(async (rig) => {
    const frames = await demoFrames()
    const cameras = [await rig.camera('one', BUFFER), await rig.camera('two', BUFFER)]
    await rig.http.set({ kind: 'reorder', maxMs: 300 })
    await Promise.all(cameras.map((camera) => camera.record(frames, 20)))
    assert.ok(rig.http.hits > 4, `${rig.http.hits} answers`)
    await rig.http.heal()
    for (const camera of cameras) {
      await settled(camera)
      await camera.close()
      const bytes = await download(rig.cloud, await rig.slicesOf(camera))
      assert.ok(bytes.equals(await muxedTs(frames)), 'every byte, and no byte twice')
    }
  }),
)
