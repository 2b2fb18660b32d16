/**
 * A user's program, plain JavaScript against the installed package: records the given access units to the cloud and prints
 * what it saw as one line of JSON. Run by pack.test.ts on Bun, Node and Deno.
 */
import { readFileSync } from 'node:fs'
import {
  CloudStorage,
  exitCs,
  getCsBalanceInfo,
  initCs,
  iv_cm_aenc_type_e,
  iv_cm_frame_type_e,
  iv_cm_stream_type_e,
  iv_cm_venc_type_e,
  iv_cs_format_e,
  iv_cs_notify_msg_type_e,
  iv_cs_upload_state_e,
  lastError,
  pushCsStream,
  sysExit,
  sysInit,
} from 'skyrill'
import { Core } from 'skyrill/core'

const { clip, frames, fps, mqttUrl, productId, deviceName, deviceSecret } = JSON.parse(
  readFileSync('setup.json', 'utf8'),
)
const bytes = readFileSync(clip)
const result = { class: typeof CloudStorage, coreBytes: 0, codes: [], slices: [], started: 0 }

// the core alone
const core = await Core.create({ ringBytes: 2 << 20 })
for (const [index, frame] of frames.entries()) {
  const data = bytes.subarray(frame.offset, frame.offset + frame.length)
  const status = core.copyVideo(data, (index * 1000) / fps, 0, index, frame.key ? 0 : 1)
  if (status < 0) throw new Error(`core: status ${status} at frame ${index}`)
  result.coreBytes += core.buffered
  core.release(core.head)
}
core.flush(2)
result.coreBytes += core.buffered

// the device API
const call = async (name, code) => {
  const value = await code
  result.codes.push([name, value])
  if (value !== 0) throw new Error(`${name}: ${value} ${lastError(0)?.message ?? ''}`)
}
let start
const started = new Promise((resolve) => {
  start = resolve
})
await call(
  'sysInit',
  sysInit({ productId, deviceName, deviceSecret, cloudUrl: mqttUrl, storePath: 'store' }),
)
const balance = {}
await call('getCsBalanceInfo', getCsBalanceInfo(0, balance, 5))
result.balance = balance
await call(
  'initCs',
  initCs({
    channel_num: 1,
    func_cb: {
      onStartPushStream: () => {
        result.started++
        start()
        return 0
      },
      onStopPushStream: () => 0,
      onEventCapturePicture: () => 0,
      onEventPictureResult: () => 0,
      onNotify: (_channel, type, data) => {
        if (type === iv_cs_notify_msg_type_e.IV_CS_AV_UPLOAD_STATE_MSG)
          for (const slice of data.av_result_info.slice_info.slice(0, data.av_result_info.num))
            result.slices.push({
              ok: slice.state === iv_cs_upload_state_e.IV_CS_UPLOAD_OK,
              bytes: slice.total_size,
              sent: slice.upload_size,
              first: slice.frame_seq_a,
              last: slice.frame_seq_b,
            })
        return 0
      },
    },
    ch_params: [
      {
        channel_id: 0,
        u32MaxGopSize: 2 << 20,
        congestion_cfg: { low_mark: 0, warn_mark: 0, high_mark: 0, enable: 0 },
        av_fmt: {
          eAudioType: iv_cm_aenc_type_e.IV_CM_AENC_TYPE_AAC,
          eVideoType: iv_cm_venc_type_e.IV_CM_VENC_TYPE_H264,
          u32Framerate: fps,
        },
        cs_fmt: iv_cs_format_e.IV_CS_FORMAT_TS,
        event_report_opt: 0,
      },
    ],
  }),
)
await started
for (const [index, frame] of frames.entries()) {
  const pack = {
    pu8Addr: bytes.subarray(frame.offset, frame.offset + frame.length),
    u32Len: frame.length,
    u64PTS: Math.round((index * 1000) / fps),
    eFrameType: frame.key
      ? iv_cm_frame_type_e.IV_CM_FRAME_TYPE_I
      : iv_cm_frame_type_e.IV_CM_FRAME_TYPE_P,
    u32Seq: index,
  }
  await call('push', pushCsStream(0, iv_cm_stream_type_e.IV_CM_STREAM_TYPE_VIDEO, pack))
  result.codes.pop()
}
await call('exitCs', exitCs())
await call('sysExit', sysExit())
console.log(`RESULT ${JSON.stringify(result)}`)
