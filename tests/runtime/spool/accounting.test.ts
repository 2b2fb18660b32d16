/**
 * Random pushes, outages, exits, kills and caps on a fake clock: whatever was muxed is at the cloud, byte for byte, or the ledger says what is missing and why.
 *
 * SKYRILL_SEQUENCES sets how many, SKYRILL_SEED which; a failure prints its seed and the shrunk sequence.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { type iv_cs_init_parm_s, iv_cs_up_bk_state_e } from '../../../runtime/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { type Frame, framesOf, looped } from '../../support/frames.ts'
import { SimCloud, SimDevice, type SimNetwork } from '../../support/sim-device.ts'

const SEQUENCES = Number(process.env.SKYRILL_SEQUENCES ?? ('Bun' in globalThis ? 20 : 6))
const SEED = Number(process.env.SKYRILL_SEED ?? 1)
const CLIP = fileURLToPath(new URL('../../../tools/demo/clip.h264', import.meta.url))
const CLIP_MS = 20_480
const { CS_UP_BK_START: START, CS_UP_BK_RUNNING: RUNNING } = iv_cs_up_bk_state_e

type Step =
  | { kind: 'push'; frames: number }
  | { kind: 'wait'; ms: number }
  | { kind: 'network'; to: SimNetwork }
  | { kind: 'event'; on: boolean }
  | { kind: 'exit' }
  | { kind: 'kill' }

type Plan = { steps: Step[]; maxBytes: number; ring: number; format: number; policy: string }

const stepArb: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('push' as const),
      frames: fc.integer({ min: 10, max: 400 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.integer({ min: 100, max: 30_000 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('network' as const),
      to: fc.constantFrom<SimNetwork>('up', 'down', 'deaf', 'slow'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('event' as const), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'exit' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'kill' as const }) },
)
const planArb: fc.Arbitrary<Plan> = fc.record({
  steps: fc.array(stepArb, { minLength: 3, maxLength: 14 }),
  maxBytes: fc.constantFrom(1024 * 1024, 2 * 1024 * 1024, 64 * 1024 * 1024),
  ring: fc.constantFrom(256 * 1024, 512 * 1024, 1024 * 1024),
  format: fc.constantFrom(0, 1),
  policy: fc.constantFrom('newest', 'oldest', 'non-event-first'),
})

/** Every byte that one start of the program muxed, by slice. */
class Muxed {
  readonly slices: Buffer[][] = []
  isKilled = false
  readonly bootId: string

  constructor(bootId: string) {
    this.bootId = bootId
  }

  readonly dump = (state: number, buf: Uint8Array | null): number => {
    if (state === START) this.slices.push([])
    else if (state === RUNNING) this.slices.at(-1)!.push(Buffer.from(buf!))
    return 0
  }

  files(): { id: string; bytes: Buffer }[] {
    return this.slices.map((parts, at) => ({
      id: `${this.bootId}-${String(at + 1).padStart(8, '0')}`,
      bytes: Buffer.concat(parts),
    }))
  }
}

let frames: Frame[]
before(async () => {
  frames = looped(await framesOf(CLIP, 'h264'), 8, CLIP_MS)
})

const run = async (plan: Plan): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'skyrill-accounting-'))
  const clock = new FakeClock()
  const cloud = new SimCloud(clock)
  const boots: Muxed[] = []
  const extra = {
    spool: { maxBytes: plan.maxBytes, writeBytes: 65536 },
    drop_policy: plan.policy as NonNullable<iv_cs_init_parm_s['drop_policy']>,
  }
  const start = async (): Promise<{ device: SimDevice; muxed: Muxed }> => {
    let muxed: Muxed | undefined
    const device = new SimDevice({
      clock,
      cloud,
      storePath: folder,
      channel: { u32MaxGopSize: plan.ring, cs_fmt: plan.format },
      callbacks: { onDumpFile: (_, state, __, ___, ____, buf) => muxed!.dump(state, buf) },
      extra,
    })
    muxed = new Muxed(device.bootId)
    boots.push(muxed)
    await device.open()
    at = 0
    return { device, muxed }
  }
  let at = 0
  try {
    let { device, muxed } = await start()
    for (const step of plan.steps)
      switch (step.kind) {
        case 'push':
          for (let count = 0; count < step.frames && at < frames.length; count++) {
            const code = device.push(frames[at]!)
            // the plan may not have been told while the line is dead
            if (code === -601 || device.storage.stats(0)!.state === 'off') break
            assert.equal(code, 0, device.storage.lastError(0).message)
            at++
            if (at % 5 === 0) await clock.advance(200)
          }
          break
        case 'wait':
          await clock.advance(step.ms)
          break
        case 'network':
          cloud.network = step.to
          if (step.to === 'up') device.online()
          break
        case 'event':
          if (step.on) device.storage.startCsEvent(0, 5, '')
          else device.storage.stopCsEvent(0, 5, '')
          break
        case 'exit':
          await device.close()
          ;({ device, muxed } = await start())
          break
        case 'kill':
          muxed.isKilled = true
          device.kill()
          ;({ device, muxed } = await start())
          break
      }
    cloud.network = 'up'
    device.online()
    for (let turn = 0; turn < 600 && !isQuiet(device); turn++) await clock.advance(1000)
    assert.ok(isQuiet(device), `spool: ${JSON.stringify(device.storage.spoolStatus())}`)
    await device.close()
    assert.deepEqual(cloud.faults, [])
    account(boots, cloud, device)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const isQuiet = ({ storage }: SimDevice): boolean =>
  storage.spoolStatus()!.slices === 0 && storage.stats(0)!.bufferedBytes === 0

const account = (boots: Muxed[], cloud: SimCloud, device: SimDevice): void => {
  const losses = device.storage.losses(0)
  let missing = 0
  let missingOfKilled = 0
  const claimed = new Set<string>()
  const own = new Set(boots.flatMap((boot) => boot.files().map(({ id }) => id)))
  for (const boot of boots)
    for (const { id, bytes } of boot.files()) {
      const there = cloud.slices.get(id)?.data ?? Buffer.alloc(0)
      claimed.add(id)
      assert.ok(bytes.subarray(0, there.length).equals(there), `${id}: other bytes at the cloud`)
      let lost = bytes.length - there.length
      // what is left of a slice that lost bytes is a slice by itself
      for (const [other, { data, slice }] of cloud.slices) {
        if (own.has(other) || claimed.has(other)) continue
        const media = data.subarray(slice.initBytes)
        if (media.length === 0 || bytes.indexOf(media) < 0) continue
        claimed.add(other)
        lost -= media.length
      }
      assert.ok(lost >= 0, `${id}: more at the cloud than was muxed`)
      if (boot.isKilled) missingOfKilled += lost
      else missing += lost
    }
  for (const id of cloud.slices.keys()) assert.ok(claimed.has(id), `${id} was never muxed`)
  // frames without a plan were never muxed
  const told = losses
    .filter(({ cause }) => cause !== 'no-plan')
    .reduce((sum, { bytes }) => sum + bytes, 0)
  assert.ok(told >= missing, `${missing} bytes are missing, the ledger knows of ${told}`)
  assert.ok(
    told <= missing + missingOfKilled + cloud.unheardBytes,
    `the ledger tells of ${told}, ${missing} + ${missingOfKilled} are missing`,
  )
  if (missingOfKilled > told - missing)
    assert.ok(
      losses.some(({ cause }) => cause === 'restart'),
      'a kill lost something that the ledger does not know of',
    )
}

test(`muxed = at the cloud + in the ledger (${SEQUENCES} sequences, seed ${SEED})`, {
  timeout: 600_000,
}, async () => {
  await fc.assert(fc.asyncProperty(planArb, run), {
    numRuns: SEQUENCES,
    seed: SEED,
    endOnFailure: false,
    interruptAfterTimeLimit: 240_000,
  })
})
