import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, before, beforeEach } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FakeClock } from './fake-clock.ts'
import { type Frame, framesOf } from './frames.ts'
import { SimCloud, SimDevice, type SimDeviceOptions } from './sim-device.ts'

const CLIP = fileURLToPath(new URL('../../tools/demo/clip.h264', import.meta.url))

/** A folder, a clock and a cloud for each test of a file, and the clip's pictures for all. */
export class SimWorld {
  frames: readonly Frame[] = []
  folder = ''
  clock = new FakeClock()
  cloud = new SimCloud(this.clock)

  /** @param name of the folders, so that what is left behind can be told apart */
  constructor(name: string) {
    before(async () => {
      this.frames = await framesOf(CLIP, 'h264')
    })
    beforeEach(() => {
      this.folder = mkdtempSync(join(tmpdir(), `skyrill-${name}-`))
      this.clock = new FakeClock()
      this.cloud = new SimCloud(this.clock)
    })
    afterEach(() => rmSync(this.folder, { recursive: true, force: true }))
  }

  /** Another start of the device's program: same folder, same cloud. */
  open(more: Partial<SimDeviceOptions> = {}): Promise<SimDevice> {
    const { clock, cloud, folder } = this
    return new SimDevice({ clock, cloud, storePath: folder, ...more }).open()
  }

  /** Pushes as a camera of 25 pictures a second does; how often each code came. */
  async push(device: SimDevice, given = this.frames): Promise<Map<number, number>> {
    const codes = new Map<number, number>()
    for (const [at, frame] of given.entries()) {
      const code = device.push(frame)
      codes.set(code, (codes.get(code) ?? 0) + 1)
      if (at % 5 === 4) await this.clock.advance(200)
    }
    return codes
  }

  /** The same where nothing is refused. */
  async record(device: SimDevice, given = this.frames): Promise<void> {
    assert.deepEqual([...(await this.push(device, given)).keys()], [0])
  }

  /** What a promise gives, while the clock runs. */
  async settled<Value>(promise: Promise<Value>): Promise<Value> {
    let value: { got: Value } | undefined
    void promise.then((got) => {
      value = { got }
    })
    while (!value) await this.clock.advance(50)
    return value.got
  }
}
