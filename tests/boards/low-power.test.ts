/** The example of a battery camera: awake without a line, asleep, awake with one. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openCloud, type TestCloud } from '../cloud/support/cloud.ts'
import { register, slicesOf } from '../e2e/support/cloud-client.ts'
import { ROOT, withTempFolder } from '../support/paths.ts'

const SECONDS = 3
const LINGER_S = 20

test(
  'a battery camera sends at the next wake-up what it could not send',
  { timeout: 180_000 },
  () =>
    withTempFolder(async (folder) => {
      const first = await openCloud({ logLevel: 'warn' })
      const identity = await register(first, 'battery', 0, { type: 'event', days: 7 })
      const [httpPort, mqttPort] = [first.httpUrl, first.mqttUrl].map((url) =>
        Number(new URL(url).port),
      )
      await first.close()
      cpSync(join(ROOT, 'examples'), folder, { recursive: true })
      for (const name of ['node_modules', 'store']) mkdirSync(join(folder, name))
      symlinkSync(ROOT, join(folder, 'node_modules', 'skyrill'))

      /** One wake-up; what it said last. */
      const wake = async (lingerS: number): Promise<string> => {
        const child = spawn(process.execPath, ['low-power.mjs'], {
          cwd: folder,
          stdio: ['ignore', 'pipe', 'inherit'],
          env: {
            ...process.env,
            SKYRILL_CLOUD: identity.cloudUrl,
            SKYRILL_PRODUCT: identity.productId,
            SKYRILL_DEVICE: identity.deviceName,
            SKYRILL_SECRET: identity.deviceSecret,
            SKYRILL_STORE: join(folder, 'store'),
            SKYRILL_VIDEO: join(ROOT, 'tools', 'demo', 'clip.h264'),
            SKYRILL_AUDIO: 'none',
            SKYRILL_SECONDS: String(SECONDS),
            SKYRILL_LINGER: String(lingerS),
          },
        })
        let output = ''
        child.stdout.on('data', (text) => {
          output += text
        })
        const code = await new Promise((resolve) => child.on('close', resolve))
        assert.equal(code, 0, output)
        return output
      }

      const asleepMs = Date.now()
      assert.match(await wake(1), /no line/)
      const betweenMs = Date.now()
      let cloud: TestCloud | undefined
      try {
        cloud = await openCloud(
          { logLevel: 'warn', httpPort: httpPort!, mqttPort: mqttPort! },
          {},
          first.folder,
        )
        assert.match(await wake(LINGER_S), /online; 0 bytes wait/)
        const slices = (await slicesOf(cloud, identity)).sort((a, b) => a.startMs - b.startMs)
        assert.equal(slices.length, 2)
        const [kept, live] = slices
        for (const slice of slices) {
          assert.equal(slice.state, 'done')
          assert.equal(slice.frames, SECONDS * 25)
        }
        // each stands where it was recorded, not where it was sent
        assert.ok(kept!.startMs >= asleepMs && kept!.endMs <= betweenMs, `${kept!.startMs}`)
        assert.ok(live!.startMs >= betweenMs)
        const path = `/devices/${identity.productId}/${identity.deviceName}/events`
        const answer = await cloud.api(
          'GET',
          `${path}?from=${asleepMs - 1000}&to=${Date.now() + 1000}`,
        )
        const { events } = (await answer.json()) as { events: { state: string; video: string }[] }
        assert.deepEqual(
          events.map(({ state, video }) => [state, video]),
          [
            ['finished', 'whole'],
            ['finished', 'whole'],
          ],
        )
      } finally {
        await (cloud ?? first).remove()
      }
    }),
)
