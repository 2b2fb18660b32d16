import {
  CloudStorage,
  type iv_cs_ai_notice_s,
  type iv_cs_balance_info_s,
  type iv_cs_channel_params_s,
  type iv_cs_event_result_info,
  System,
} from '../../../runtime/index.ts'
import { type Frame, pushFrame } from '../../support/frames.ts'
import { type Identity, initParams, quiet } from '../../support/test-camera.ts'

const CHANNEL = 0

/** A camera whose app works with events; it notes down every callback. */
export class EventCamera {
  readonly system = new System()
  readonly storage = new CloudStorage(this.system)
  readonly told: string[] = []
  readonly results: iv_cs_event_result_info[] = []
  readonly notices: [type: number, expireS: number, notice: iv_cs_ai_notice_s][] = []
  /** what the capture callback gives; none when undefined */
  picture: Uint8Array | undefined
  /** pictures that are with the module */
  lent = 0

  async open(identity: Identity, channel: Partial<iv_cs_channel_params_s> = {}): Promise<void> {
    const code = await this.system.init({ ...identity, logger: quiet })
    if (code !== 0) throw new Error(this.system.lastError)
    // as known firmware does: the plan first, blocking, then initCs
    const balance = await this.balance(10)
    if (!balance) throw new Error('no plan was told')
    await this.enter(channel)
  }

  async enter(channel: Partial<iv_cs_channel_params_s> = {}): Promise<void> {
    const opened = await this.storage.initCs(
      initParams(channel, {
        onStartPushStream: () => void this.told.push('start'),
        onStopPushStream: () => void this.told.push('stop'),
        onEventCapturePicture: (_, id, picture) => {
          this.told.push(`capture ${id}`)
          if (!this.picture) return
          this.lent++
          picture.pic = this.picture
          picture.size = this.picture.length
        },
        onEventPictureResult: (_, pic, code) => {
          this.told.push(`picture ${code}`)
          if (pic === this.picture) this.lent--
        },
        onEventReportResult: (_, info) => {
          this.told.push(`result ${info.event_id} ${info.result_code}`)
          this.results.push(info)
        },
        onAiServiceNotify: (_, type, expireS, notice) =>
          void this.notices.push([type, expireS, notice]),
      }),
    )
    if (opened !== 0) throw new Error(this.storage.lastError(CHANNEL).message)
  }

  async balance(timeoutS: number): Promise<iv_cs_balance_info_s | undefined> {
    const info = { cs_switch: -1, cs_days: 0, cs_type: 0, free_trial_remaining_sec: 0 }
    return (await this.storage.getCsBalanceInfo(CHANNEL, info, timeoutS)) === 0 ? info : undefined
  }

  push(frame: Frame): number {
    return pushFrame(this.storage, CHANNEL, frame)
  }

  /** Pushes kept frames as fast as there is room for them; codes of what was refused. */
  async burst(frames: readonly Frame[]): Promise<number[]> {
    const refused: number[] = []
    for (const frame of frames) {
      if (this.storage.room(CHANNEL) < 4 * frame.data.length + 64 * 1024)
        await this.storage.drained(CHANNEL)
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
