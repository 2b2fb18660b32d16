// A capture driver in C writes pictures into the memory of the WebAssembly core, where they are muxed as they lie. Bun only (bun:ffi).
//   gcc -O2 -shared -fPIC -o camera.so file-camera.c      (or v4l2-camera.c on a board)
//   SKYRILL_DRIVER=./camera.so SKYRILL_VIDEO=clip.h264 bun capture.mjs
import { dlopen, ptr } from 'bun:ffi'
import {
  exitCs,
  initCs,
  iv_cm_stream_type_e,
  pushCsStream,
  ReservedFrame,
  reserveCsFrame,
  sysExit,
} from 'skyrill'
import { channel, check, goOnline, settings } from '../device.mjs'
import { sleep } from '../media.mjs'

/** The largest picture of the camera. */
const PICTURE_MAX = 512 * 1024

const { symbols: camera } = dlopen(process.env.SKYRILL_DRIVER ?? './camera.so', {
  camera_open: { args: ['cstring'], returns: 'int' },
  camera_next: { args: ['u64', 'u32'], returns: 'i32' },
  camera_pts_ms: { args: [], returns: 'f64' },
  camera_is_idr: { args: [], returns: 'int' },
  camera_close: { args: [], returns: 'void' },
})
if (camera.camera_open(Buffer.from(`${settings.video}\0`)) !== 0)
  throw new Error(`${settings.video} cannot be opened`)

let running = false
await goOnline()
check(
  'initCs',
  await initCs({
    channel_num: 1,
    ch_params: [channel],
    func_cb: {
      onStartPushStream: () => {
        running = true
      },
      onStopPushStream: () => {
        running = false
      },
    },
  }),
)
while (!running) await sleep(10)

const frame = new ReservedFrame()
const startedMs = performance.now()
let base = 0
for (let count = 0; running && performance.now() - startedMs < settings.seconds * 1000; count++) {
  check('reserveCsFrame', reserveCsFrame(0, PICTURE_MAX, frame))
  // the memory stays where it is until exitCs()
  base ||= ptr(frame.pu8Addr)
  const length = camera.camera_next(base + frame.address, PICTURE_MAX)
  if (length === 0) break
  if (length < 0) continue
  frame.u32Len = length
  frame.u64PTS = camera.camera_pts_ms()
  frame.u32Seq = count
  frame.eFrameType = camera.camera_is_idr() ? 0 : 1
  check('pushCsStream', pushCsStream(0, iv_cm_stream_type_e.IV_CM_STREAM_TYPE_VIDEO, frame))
  await sleep(Math.max(0, startedMs + frame.u64PTS - performance.now()))
}
camera.camera_close()
check('exitCs', await exitCs())
check('sysExit', await sysExit())
console.log('stopped')
