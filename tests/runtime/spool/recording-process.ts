/** A device whose line is dead, as a process that can be killed. It tells how many frames it has pushed. */
import { fileURLToPath } from 'node:url'
import { FakeClock } from '../../support/fake-clock.ts'
import { framesOf, looped } from '../../support/frames.ts'
import { SimCloud, SimDevice } from '../../support/sim-device.ts'

const CLIP = fileURLToPath(new URL('../../../tools/demo/clip.h264', import.meta.url))

const run = async (): Promise<void> => {
  const path = process.argv[2]!
  const clock = new FakeClock()
  const cloud = new SimCloud(clock)
  const device = new SimDevice({
    clock,
    cloud,
    channel: { u32MaxGopSize: 256 * 1024 },
    extra: { spool: { path, maxBytes: 64 * 1024 * 1024, writeBytes: 65536, afterMs: 200 } },
  })
  await device.open()
  cloud.network = 'down'
  const frames = looped(await framesOf(CLIP, 'h264'), 4, 20_480)
  for (const [at, frame] of frames.entries()) {
    if (device.push(frame) !== 0) throw new Error(device.storage.lastError(0).message)
    if (at % 5 !== 4) continue
    await clock.advance(200)
    process.stdout.write(`${at + 1}\n`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  // whoever started it ends it
  setInterval(() => {}, 1000)
}

void run()
