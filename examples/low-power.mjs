// A battery camera: the chip wakes for an event, records it and sleeps again, whether there was a line or not. What was not sent lies in the spool and goes
// at a later wake-up. The plan comes from the app, so that recording does not wait for a connection.
//   SKYRILL_STORE=/var/lib/camera  node low-power.mjs      one wake-up: record SKYRILL_SECONDS, stay online for SKYRILL_LINGER seconds at most, end
import {
  exitCs,
  getCsBalanceInfo,
  initCs,
  iv_cm_frame_type_e,
  iv_cm_stream_type_e,
  iv_cs_event_report_opt_e,
  openMetrics,
  pushCsStream,
  setCsTransTime,
  startCsEvent,
  stopCsEvent,
  sysExit,
  sysInit,
} from 'skyrill'
import { channel, check, required, settings } from './device.mjs'
import { FPS, readPictures, sleep } from './media.mjs'

const EVENT = 1
const store = required('SKYRILL_STORE')
const lingerMs = Number(process.env.SKYRILL_LINGER ?? 10) * 1000
/** An event plan of a day. A real app keeps in the flash what the vendor's cloud last told it. */
const plan = { cs_switch: 1, cs_type: 2, cs_days: 1, free_trial_remaining_sec: 0 }

let online = false
check(
  'sysInit',
  await sysInit({
    cloudUrl: required('SKYRILL_CLOUD'),
    productId: required('SKYRILL_PRODUCT'),
    deviceName: required('SKYRILL_DEVICE'),
    deviceSecret: required('SKYRILL_SECRET'),
    storePath: store,
    onOnline: () => {
      online = true
    },
    onOffline: () => {
      online = false
    },
  }),
)

let running = false
check(
  'initCs',
  await initCs({
    channel_num: 1,
    ch_params: [{ ...channel, event_report_opt: iv_cs_event_report_opt_e.CS_EVENT_VIDEO_REQ }],
    spool: { maxBytes: 64 * 1024 * 1024, afterMs: 0 },
    func_cb: {
      onGetBalance: (_channel, answer) => {
        answer.is_vaild = 1
        Object.assign(answer.balance, plan)
      },
      onStartPushStream: () => {
        running = true
      },
      onStopPushStream: () => {
        running = false
      },
    },
  }),
)
// the plan is the app's: this asks onGetBalance at once
check('getCsBalanceInfo', await getCsBalanceInfo(0, {}, 1))
// asleep within seconds, also when nobody answers
check('setCsTransTime', setCsTransTime(2000, 2000))

check('startCsEvent', startCsEvent(0, EVENT, 'motion'))
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
check('stopCsEvent', stopCsEvent(0, EVENT, 'motion'))

// awake for as long as there is a line and something to send, at most the linger time
const waiting = () => Number(/^skyrill_spool_bytes (\d+)/m.exec(openMetrics())?.[1] ?? 0)
const endMs = Date.now() + lingerMs
while (Date.now() < endMs && (!online || waiting() > 0)) await sleep(100)
const left = waiting()
check('exitCs', await exitCs())
console.log(`${online ? 'online' : 'no line'}; ${left} bytes wait for the next wake-up`)
check('sysExit', await sysExit())
