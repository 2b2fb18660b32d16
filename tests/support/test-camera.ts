import {
  CloudStorage,
  iv_cm_aenc_type_e,
  iv_cm_venc_type_e,
  type iv_cs_channel_params_s,
  iv_cs_format_e,
  type iv_cs_init_func_cb_s,
  type iv_cs_init_parm_s,
  iv_cs_notify_msg_type_e,
  type iv_cs_upload_slice_info_s,
  System,
} from '../../runtime/index.ts'
import { type Frame, pushFrame } from './frames.ts'

export const quiet = { error() {}, warn() {}, info() {}, debug() {} }

export const channelParams = (
  given: Partial<iv_cs_channel_params_s> = {},
): iv_cs_channel_params_s => ({
  channel_id: 0,
  u32MaxGopSize: 2 * 1024 * 1024,
  av_fmt: {
    eAudioType: iv_cm_aenc_type_e.IV_CM_AENC_TYPE_AAC,
    eVideoType: iv_cm_venc_type_e.IV_CM_VENC_TYPE_H264,
  },
  cs_fmt: iv_cs_format_e.IV_CS_FORMAT_TS,
  ...given,
})

export const initParams = (
  channel: Partial<iv_cs_channel_params_s> = {},
  callbacks: Partial<iv_cs_init_func_cb_s> = {},
): iv_cs_init_parm_s => ({
  channel_num: 1,
  func_cb: { onStartPushStream() {}, onStopPushStream() {}, ...callbacks },
  ch_params: [channelParams(channel)],
})

export type Identity = {
  productId: string
  deviceName: string
  deviceSecret: string
  cloudUrl: string
  ca?: string
}

/** A device with one camera, as an app would write it. */
export class TestCamera {
  readonly system = new System()
  readonly storage = new CloudStorage(this.system)
  readonly notices: iv_cs_notify_msg_type_e[] = []
  readonly slices: iv_cs_upload_slice_info_s[] = []
  starts = 0
  stops = 0
  #started: () => void = () => {}
  /** resolves with the first start callback */
  readonly started = new Promise<void>((resolve) => {
    this.#started = resolve
  })
  readonly channel: number

  constructor(channel = 0) {
    this.channel = channel
  }

  async open(identity: Identity, channel: Partial<iv_cs_channel_params_s> = {}): Promise<void> {
    const sys = await this.system.init({ ...identity, logger: quiet })
    if (sys !== 0) throw new Error(this.system.lastError)
    await this.init(channel)
  }

  /** callbacks beside those that are counted here */
  callbacks: Partial<iv_cs_init_func_cb_s> = {}

  /** parameters of initCs besides the specification's */
  extra: Partial<iv_cs_init_parm_s> = {}

  async init(channel: Partial<iv_cs_channel_params_s> = {}): Promise<void> {
    const code = await this.storage.initCs({
      ...initParams(
        { channel_id: this.channel, ...channel },
        {
          ...this.callbacks,
          onStartPushStream: () => {
            this.starts++
            this.#started()
          },
          onStopPushStream: () => {
            this.stops++
          },
          onNotify: (_, type, data) => {
            this.notices.push(type)
            if (type === iv_cs_notify_msg_type_e.IV_CS_AV_UPLOAD_STATE_MSG)
              this.slices.push(...data!.av_result_info.slice_info)
          },
        },
      ),
      ...this.extra,
    })
    if (code !== 0) throw new Error(this.storage.lastError(this.channel).message)
  }

  push(frame: Frame): number {
    return pushFrame(this.storage, this.channel, frame)
  }

  /**
   * Pushes frames at `speed` times real time, or as fast as the buffer has room for them.
   * @returns codes of what was refused
   */
  async record(frames: readonly Frame[], speed = Number.POSITIVE_INFINITY): Promise<number[]> {
    const refused: number[] = []
    const startMs = performance.now() - frames[0]!.ptsMs / speed
    for (const frame of frames) {
      if (speed === Number.POSITIVE_INFINITY) {
        if (this.storage.room(this.channel) < 4 * frame.data.length + 64 * 1024)
          await this.storage.drained(this.channel)
      } else {
        const waitMs = startMs + frame.ptsMs / speed - performance.now()
        if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs))
      }
      const code = this.push(frame)
      if (code !== 0) refused.push(code)
    }
    return refused
  }

  async close(): Promise<void> {
    await this.storage.exitCs()
    await this.system.exit()
  }
}
