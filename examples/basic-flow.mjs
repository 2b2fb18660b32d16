// Chapter 2, the basic flow: getCsBalanceInfo, initCs, onStartPushStream, pushCsStream ..., onStopPushStream, exitCs.
import {
  exitCs,
  getCsBalanceInfo,
  initCs,
  iv_cm_frame_type_e,
  iv_cm_stream_type_e,
  iv_cs_notify_msg_type_e,
  iv_cs_upload_state_e,
  pushCsStream,
  sysExit,
} from 'skyrill'
import { channel, check, goOnline, settings } from './device.mjs'
import { FPS, readPictures, sleep } from './media.mjs'

await goOnline()
const balance = {}
check('getCsBalanceInfo', await getCsBalanceInfo(0, balance, 5))
console.log(`plan: switch ${balance.cs_switch}, type ${balance.cs_type}, ${balance.cs_days} days`)

let running = false
let arrived = 0
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
      onNotify: (_, type, data) => {
        if (type !== iv_cs_notify_msg_type_e.IV_CS_AV_UPLOAD_STATE_MSG) return
        for (const slice of data.av_result_info.slice_info)
          if (slice.state === iv_cs_upload_state_e.IV_CS_UPLOAD_OK) arrived++
      },
    },
  }),
)
while (!running) await sleep(10)

const pictures = readPictures(settings.video)
const started = Date.now()
for (let count = 0; running && count < settings.seconds * FPS; count++) {
  const { data, key } = pictures[count % pictures.length]
  const { IV_CM_FRAME_TYPE_I: I, IV_CM_FRAME_TYPE_P: P } = iv_cm_frame_type_e
  const pack = {
    pu8Addr: data,
    u64PTS: (count * 1000) / FPS,
    u32Seq: count,
    eFrameType: key ? I : P,
  }
  check('pushCsStream', pushCsStream(0, iv_cm_stream_type_e.IV_CM_STREAM_TYPE_VIDEO, pack))
  await sleep(Math.max(0, started + ((count + 1) * 1000) / FPS - Date.now()))
}

check('exitCs', await exitCs())
check('sysExit', await sysExit())
console.log(`${arrived} slices are at the cloud`)
