// Chapter 6: the caller pushes on its own account, sound and pictures in the order of their times.
import {
  exitCs,
  initCs,
  iv_cm_frame_type_e,
  iv_cm_stream_type_e,
  pushCsStream,
  stats,
  sysExit,
} from 'skyrill'
import { channel, check, goOnline, settings } from './device.mjs'
import { FPS, readPictures, readSound, sleep } from './media.mjs'

const SAMPLE_RATE = 16_000

await goOnline()
let running = false
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

const pictures = readPictures(settings.video)
const sound = readSound(settings.audio)
let frameCountVideo = 0
let frameCountAudio = 0
const videoTime = () => (frameCountVideo * 1000) / FPS
const audioTime = () => (frameCountAudio * 1024 * 1000) / SAMPLE_RATE
const started = Date.now()
while (running && videoTime() < settings.seconds * 1000) {
  if (audioTime() <= videoTime()) {
    const pack = {
      pu8Addr: sound[frameCountAudio % sound.length],
      u64PTS: audioTime(),
      u32Seq: frameCountAudio,
    }
    check('sound', pushCsStream(0, iv_cm_stream_type_e.IV_CM_STREAM_TYPE_AUDIO, pack))
    frameCountAudio++
  } else {
    const { data, key } = pictures[frameCountVideo % pictures.length]
    const { IV_CM_FRAME_TYPE_I: I, IV_CM_FRAME_TYPE_P: P } = iv_cm_frame_type_e
    const pack = {
      pu8Addr: data,
      u64PTS: videoTime(),
      u32Seq: frameCountVideo,
      eFrameType: key ? I : P,
    }
    check('picture', pushCsStream(0, iv_cm_stream_type_e.IV_CM_STREAM_TYPE_VIDEO, pack))
    frameCountVideo++
  }
  await sleep(Math.max(0, started + Math.min(videoTime(), audioTime()) - Date.now()))
}

const { videoFrames, audioFrames, refusedFrames } = stats(0)
check('exitCs', await exitCs())
check('sysExit', await sysExit())
console.log(`${videoFrames} pictures and ${audioFrames} sound frames, ${refusedFrames} refused`)
