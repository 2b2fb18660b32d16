/**
 * Random storms through real sockets: device, proxies and the real cloud in one process, a ring of seconds and a spool. Whatever the line does meanwhile, the
 * bytes of every slice at the cloud are those that were muxed. SKYRILL_STORMS sets how many, SKYRILL_SEED the first seed.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { checkMp4 } from '../../tools/check-mp4.ts'
import { until } from '../cloud/support/cloud.ts'
import { download } from '../e2e/support/cloud-client.ts'
import { DumpFiles } from '../support/dump-files.ts'
import type { Fault } from '../support/fault-proxy.ts'
import type { Frame } from '../support/frames.ts'
import { random } from '../support/random.ts'
import { markedFrame, numbersIn } from './support/marked-frames.ts'
import { openRig, PATIENCE_MS, type Rig } from './support/rig.ts'

const STORMS = Number(process.env.SKYRILL_STORMS ?? 3)
const SEED = Number(process.env.SKYRILL_SEED ?? 1)
const SPEED = 8
const SECONDS = 64
const FPS = 25
const GOP = 25
const TUS = { 'Tus-Resumable': '1.0.0' }

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const frames: Frame[] = Array.from({ length: SECONDS * FPS }, (_, number) => {
  const key = number % GOP === 0
  const data = markedFrame(number, key, key ? 9000 : 1700)
  return { kind: 'video', data, ptsMs: (number * 1000) / FPS, seq: number, key }
})

type Blow = { side: 'http' | 'mqtt'; fault: Fault; lastsMs: number; pauseMs: number }

/** The blows of a storm that lasts for so long. */
const blowsOf = (seed: number, totalMs: number): Blow[] => {
  const next = random(seed)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)]!
  const faults: readonly (() => Fault)[] = [
    () => ({ kind: 'refuse' }),
    () => ({ kind: 'cut' }),
    () => ({ kind: 'reset' }),
    () => ({ kind: 'stall' }),
    () => ({ kind: 'half-open' }),
    () => ({ kind: 'delay', ms: pick([50, 400, 1500]) }),
    () => ({ kind: 'throttle', bytesPerS: pick([1000, 20_000, 100_000]) }),
    () => ({ kind: 'cut-request', afterBytes: pick([50, 700, 5000, 60_000]) }),
    () => ({ kind: 'cut-answer', afterBytes: pick([0, 20, 100]) }),
    () => ({ kind: 'hold-answer' }),
    () => ({ kind: 'garbage' }),
    () => ({
      kind: 'answer',
      status: pick([200, 302, 401, 403, 404, 408, 409, 425, 429, 460, 500, 502, 503, 504, 507]),
      headers: pick([{}, TUS, { ...TUS, 'Retry-After': '1' }]),
    }),
    () => ({ kind: 'early-answer', status: pick([401, 413, 503]), headers: TUS }),
  ]
  const blows: Blow[] = []
  for (let atMs = 0; atMs < totalMs; ) {
    const lastsMs = Math.round(100 + next() ** 2 * 2500)
    const pauseMs = Math.round(50 + next() * 500)
    const fault = pick(faults)()
    // the broker's line knows no requests
    const isOfLine = ['refuse', 'cut', 'reset', 'stall', 'half-open', 'delay'].includes(fault.kind)
    blows.push({ side: isOfLine && next() < 0.3 ? 'mqtt' : 'http', fault, lastsMs, pauseMs })
    atMs += lastsMs + pauseMs
  }
  return blows
}

const blowText = ({ side, fault, lastsMs, pauseMs }: Blow): string =>
  `  ${side} ${JSON.stringify(fault)} for ${lastsMs} ms, then ${pauseMs} ms of peace`

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe(`${STORMS} storms from seed ${SEED}`, { timeout: 120_000 + STORMS * 240_000 }, () => {
  let rig: Rig
  let folder: string
  let reference: string[]
  before(async () => {
    reference = await muxedSlices()
    rig = await openRig()
    folder = mkdtempSync(join(tmpdir(), 'skyrill-storms-'))
  })
  after(async () => {
    await rig.close()
    rmSync(folder, { recursive: true, force: true })
  })

  for (let seed = SEED; seed < SEED + STORMS; seed++)
    test(`SKYRILL_SEED=${seed} SKYRILL_STORMS=1`, { timeout: 4 * PATIENCE_MS }, async () => {
      const format = seed % 2 === 0 ? 'ts' : 'fmp4'
      const blows = blowsOf(seed, (SECONDS * 1000) / SPEED)
      const camera = await rig.camera(
        `camera-${seed}`,
        { u32MaxGopSize: 512 * 1024, cs_fmt: format === 'ts' ? 0 : 1 },
        { spool: { path: join(folder, String(seed)), maxBytes: 256 * 1024 * 1024 } },
      )
      camera.storage.setCsTransTime(1000, 1000)
      const recording = camera.record(frames, SPEED)
      for (const { side, fault, lastsMs, pauseMs } of blows) {
        await rig[side].set(fault)
        await sleep(lastsMs)
        await rig[side].heal()
        await sleep(pauseMs)
      }
      const story = `seed ${seed}\n${blows.map(blowText).join('\n')}`
      assert.deepEqual(await recording, [], `frames were refused; ${story}`)
      await until(
        'the spool to be sent',
        () =>
          camera.storage.stats(0)!.bufferedBytes === 0 && camera.storage.spoolStatus()!.slices <= 1,
        PATIENCE_MS,
      ).catch((error) => {
        throw new Error(`${error.message}; ${JSON.stringify(camera.storage.stats(0))}; ${story}`)
      })
      await camera.close()

      const slices = await rig.slicesOf(camera)
      const files = await Promise.all(slices.map((slice) => download(rig.cloud, [slice])))
      // fMP4 has the time of each fragment in it (prft), which no two runs share
      if (format === 'ts') assert.deepEqual(files.map(sha256), reference, story)
      else for (const file of files) assert.deepEqual(checkMp4(file), [], story)
      assert.deepEqual(
        files.flatMap((file) => numbersIn(format, file)),
        frames.map(({ seq }) => seq),
        `every picture, once and in order; ${story}`,
      )
      assert.ok(
        slices.every(({ state }) => state === 'done'),
        story,
      )
      assert.deepEqual(camera.storage.losses(0), [], story)
    })
})

/** What a device on a good line makes of the same pictures in TS: SHA-256 of each slice. */
const muxedSlices = async (): Promise<string[]> => {
  const rig = await openRig()
  try {
    const dump = new DumpFiles()
    const callbacks = { onDumpFile: dump.callback }
    const camera = await rig.camera('reference', { u32MaxGopSize: 8 * 1024 * 1024 }, {}, callbacks)
    await camera.record(frames)
    await camera.close()
    return [...dump.files.keys()].sort().map((name) => sha256(dump.files.get(name)!.bytes))
  } finally {
    await rig.close()
  }
}
