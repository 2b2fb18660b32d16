/** A Worker that owns the camera: here one that plays given frames. */
import { parentPort, workerData } from 'node:worker_threads'
import {
  CAPTURE_AUDIO,
  CAPTURE_OK,
  CAPTURE_VIDEO,
  type CaptureQueue,
  CaptureWriter,
} from '../../../runtime/capture/index.ts'
import type { Frame } from '../../support/frames.ts'

export type CameraTask = {
  queue: CaptureQueue
  frames: Frame[]
  /**
   * play: each frame as soon as there is room · flood: without waiting for it · die: stops for ever in the middle of the frame after the last ·
   * beat: one every 10 ms, its time the moment it is written
   */
  how: 'play' | 'flood' | 'die' | 'beat'
}

const { queue, frames, how } = workerData as CameraTask
const writer = new CaptureWriter(queue)
const kindOf = ({ kind }: Frame) => (kind === 'video' ? CAPTURE_VIDEO : CAPTURE_AUDIO)
/** never notified: a way to wait */
const idle = new Int32Array(new SharedArrayBuffer(4))

const statuses: Record<number, number> = {}
for (const frame of frames) {
  if (how === 'beat') Atomics.wait(idle, 0, 0, 10)
  else if (how !== 'flood' && !writer.waitForRoom(frame.data.length, 20_000))
    throw new Error('no room for 20 s')
  const ptsMs = how === 'beat' ? performance.timeOrigin + performance.now() : frame.ptsMs
  const status = writer.write(frame.data, kindOf(frame), ptsMs, frame.seq, frame.key ? 0 : 1)
  statuses[status] = (statuses[status] ?? 0) + 1
  if (how === 'play' && status !== CAPTURE_OK) throw new Error(`status ${status}`)
}
if (how === 'die') {
  writer.waitForRoom(5000, 20_000)
  const address = writer.reserve(5000, CAPTURE_VIDEO)
  if (address < 0) throw new Error(`no reservation: status ${address}`)
  writer.bytes.fill(0xff, address, address + 2500)
}
parentPort!.postMessage(statuses)
if (how === 'die') Atomics.wait(idle, 0, 0)
