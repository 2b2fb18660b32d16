// Chapter 2, the event flow: startCsEventExt, onEventCapturePicture, onStartPushStream, pushCsStream ..., stopCsEventExt, onStopPushStream,
// onEventPictureResult, onEventReportResult. The last two seconds before the event are kept by the app and pushed first.
import {
  drained,
  exitCs,
  initCs,
  iv_cm_frame_type_e,
  iv_cm_stream_type_e,
  iv_cs_event_report_opt_e,
  pushCsStream,
  room,
  startCsEventExt,
  stopCsEventExt,
  sysExit,
} from 'skyrill'
import { channel, check, goOnline, settings } from './device.mjs'
import { FPS, readPictures, sleep } from './media.mjs'

const EVENT = 7
const INFO = 'door=front;'
const KEPT_S = 2
// one white pixel, as a camera's snapshot
const SNAPSHOT = Buffer.from(
  '/9j/4AAQSkZJRgABAQEAYABgAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q==',
  'base64',
)

await goOnline()
let running = false
let pictureCode
let result
check(
  'initCs',
  await initCs({
    channel_num: 1,
    ch_params: [
      { ...channel, event_report_opt: iv_cs_event_report_opt_e.CS_EVENT_VIDEO_OR_PIC_REQ },
    ],
    func_cb: {
      onStartPushStream: () => {
        running = true
      },
      onStopPushStream: () => {
        running = false
      },
      onEventCapturePicture: (_channel, _event, picture) => {
        picture.pic = SNAPSHOT
        picture.size = SNAPSHOT.length
      },
      onEventPictureResult: (_channel, _pic, code) => {
        pictureCode = code
      },
      onEventReportResult: (_channel, info) => {
        result = info
      },
    },
  }),
)

const pictures = readPictures(settings.video)
let count = 0
const push = async () => {
  const { data, key } = pictures[count % pictures.length]
  const { IV_CM_FRAME_TYPE_I: I, IV_CM_FRAME_TYPE_P: P } = iv_cm_frame_type_e
  const pack = {
    pu8Addr: data,
    u64PTS: (count * 1000) / FPS,
    u32Seq: count,
    eFrameType: key ? I : P,
  }
  if (room(0) < 4 * data.length) await drained(0)
  check('pushCsStream', pushCsStream(0, iv_cm_stream_type_e.IV_CM_STREAM_TYPE_VIDEO, pack))
  count++
}

// the plan may take a moment to arrive
await sleep(500)
check('startCsEventExt', startCsEventExt(0, EVENT, INFO, 0, KEPT_S))
// with a full-time plan it records already
while (!running) await sleep(10)
while (count < KEPT_S * FPS) await push()
const started = Date.now()
for (let live = 1; running && live <= settings.seconds * FPS; live++) {
  await push()
  await sleep(Math.max(0, started + (live * 1000) / FPS - Date.now()))
}
check('stopCsEventExt', stopCsEventExt(0, EVENT, INFO, 0, 0))
for (let wait = 0; wait < 1200 && !(result && pictureCode !== undefined); wait++) await sleep(10)

check('exitCs', await exitCs())
check('sysExit', await sysExit())
console.log(`event ${result.event_id}: result ${result.result_code}, picture ${pictureCode}`)
