import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import {
  type CloudStorage,
  iv_cs_format_e,
  type iv_cs_init_parm_s,
} from '../../../runtime/index.ts'
import { Camera } from '../../../tools/camera/camera.ts'
import type { MediaFrame, MediaSource } from '../../../tools/camera/media.ts'
import { quiet } from '../../support/test-camera.ts'

const TURNS = 20

/** A camera of which the cloud storage module wants something when `want` is called. */
const rig = (live: boolean) => {
  const seen: number[] = []
  const pushed: number[] = []
  let want = (): void => {}
  const storage = {
    initCs: async (parameters: iv_cs_init_parm_s) => {
      want = () => parameters.func_cb!.onStartPushStream!(0)
      return 0
    },
    pushCsStream: (_channel: number, _type: number, { u64PTS }: { u64PTS: number }) => {
      pushed.push(u64PTS)
      return 0
    },
  } as unknown as CloudStorage
  const source: MediaSource = {
    codec: 'h264',
    hasAudio: false,
    fps: 25,
    live,
    async *frames(): AsyncGenerator<MediaFrame> {
      for (let ptsMs = 0; ; ptsMs += 1) {
        await turn()
        seen.push(ptsMs)
        yield { kind: 'video', data: new Uint8Array(1), ptsMs, key: ptsMs === 0 }
      }
    },
    close() {},
  }
  const format = iv_cs_format_e.IV_CS_FORMAT_TS
  const camera = new Camera({
    ...{ storage, source, channel: 0, bufferBytes: 4096, format, log: quiet, speed: 1000 },
  })
  return { camera, seen, pushed, want: () => want() }
}

const turns = async (): Promise<void> => {
  for (let at = 0; at < TURNS; at++) await turn()
}

test('a file begins with its IDR when recording is wanted, however late that is, and is alive until then', async () => {
  const { camera, seen, pushed, want } = rig(false)
  await camera.open()
  const running = camera.run()
  await turns()
  assert.deepEqual(seen, [])
  const beforeMs = performance.now()
  assert.ok(camera.lastFrameMs >= beforeMs, 'waiting is no fault of the source')
  want()
  while (pushed.length < 3) await turn()
  assert.deepEqual(pushed.slice(0, 3), [0, 1, 2])
  camera.stop()
  await running
})

test('a live source runs from its start; its frames before recording go nowhere', async () => {
  const { camera, seen, pushed, want } = rig(true)
  await camera.open()
  const running = camera.run()
  while (seen.length < 3) await turn()
  assert.deepEqual(pushed, [])
  want()
  while (pushed.length < 1) await turn()
  assert.ok(pushed[0]! >= 3)
  camera.stop()
  await running
})

test('a camera that nobody wants can be stopped', async () => {
  const { camera, seen } = rig(false)
  await camera.open()
  const running = camera.run()
  await turns()
  camera.stop()
  await running
  assert.deepEqual(seen, [])
})
