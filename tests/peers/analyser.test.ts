/** The example analyser, as a process of its own: work goes out signed, what it found is on the event and with the device. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openCloud, until } from '../cloud/support/cloud.ts'
import { sliceId, TestDevice } from '../cloud/support/device.ts'
import { makeSlices } from '../cloud/support/media.ts'
import { ROOT } from '../support/paths.ts'
import { reservePort } from '../support/ports.ts'
import { needTool, toolPath } from '../support/tools.ts'

const T0 = Date.UTC(2026, 10, 20, 10)
const SECONDS = 4

/** Moving, then still: one slice each, and an event over each. */
const SCENES = [
  {
    source: 'testsrc2=size=640x360',
    found: /^motion for [\d.]+ of 4\.0 s, most after [\d.]+ s \(\d+ % of the picture\)$/,
  },
  { source: 'color=gray:size=640x360', found: /^no motion in 4 s$/ },
]

test('events are analysed by a process of its own', { skip: needTool('ffmpeg') }, async () => {
  const work = mkdtempSync(join(tmpdir(), 'skyrill-analyser-'))
  const port = await reservePort()
  const cloud = await openCloud(
    { allowPrivateHooks: true },
    // its process may not listen yet when the first work comes
    { notifyTiming: { retryMs: Array.from({ length: 60 }, () => 500) } },
  )
  const made = await cloud.api('POST', '/hooks', {
    kind: 'webhook',
    name: 'motion',
    target: `http://127.0.0.1:${port}/`,
    rule: { topics: ['analysis'] },
  })
  const { secret } = (await made.json()) as { secret: string }
  const analyser = spawn(process.execPath, [join(ROOT, 'examples/analyser/analyser.mjs')], {
    env: {
      ...process.env,
      SKYRILL_HOOK_SECRET: secret,
      PORT: String(port),
      PATH: `${join(toolPath('ffmpeg'), '..')}:${process.env.PATH}`,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const device = await new TestDevice(cloud).register()
  try {
    await device.authorize()
    for (const [at, { source }] of SCENES.entries()) {
      const startUtcMs = T0 + at * 60_000
      const [slice] = makeSlices(work, { seconds: SECONDS, startUtcMs, source })
      const start = { ...slice!.start, id: sliceId(at + 1) }
      await device.upload(start, slice!.data, slice!.pieces)
      const event = {
        channel: 0,
        key: `00112233445566aa-0000000${at + 1}`,
        eventId: 1,
        info: '',
        startMs: startUtcMs,
        videoStartMs: startUtcMs,
        ai: 1,
      }
      await device.ask('event', 'event_start', event)
      const endMs = startUtcMs + SECONDS * 1000
      const end = { endMs, videoEndMs: endMs, video: 'whole', picture: 'none' }
      await device.ask('event', 'event_stop', { ...event, ...end })
    }
    for (const [at, { found }] of SCENES.entries()) {
      const path = `/devices/P1/cam1/channels/0/events/00112233445566aa-0000000${at + 1}`
      const text = await until(
        'a result',
        async () =>
          ((await (await cloud.api('GET', path)).json()) as { aiText: string | null }).aiText ??
          undefined,
        90_000,
      )
      assert.match(text, found)
    }
    type Told = { method: string; params: { text: string } }
    const told = await until(
      'the device is told',
      () => {
        const results = (device.received as Told[]).filter(({ method }) => method === 'ai_result')
        return results.length >= 2 && results
      },
      30_000,
    )
    for (const { found } of SCENES) assert.ok(told.some(({ params }) => found.test(params.text)))
    const dead = await cloud.api('GET', '/deliveries?state=dead')
    assert.deepEqual(((await dead.json()) as { deliveries: object[] }).deliveries, [])
  } finally {
    analyser.kill('SIGKILL')
    await device.close()
    await cloud.remove()
    rmSync(work, { recursive: true, force: true })
  }
})
