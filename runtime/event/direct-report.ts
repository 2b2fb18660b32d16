import type { Clock, Random } from '../clock.ts'
import type { EventReport, PictureGrant } from '../mqtt/event-messages.ts'
import { ReplyCode } from '../mqtt/messages.ts'
import { iv_err_code_e } from '../status.ts'
import type { HttpTimeouts } from '../upload/http.ts'
import { backoffMs } from '../upload/retry.ts'
import type { EventCloud } from './dependencies.ts'
import type { EventVerdict } from './events.ts'
import type { PutPicture } from './picture.ts'

export type DirectReportParts = {
  clock: Clock
  random: Random
  cloud: Pick<EventCloud, 'report'>
  putPicture: PutPicture
  times(): HttpTimeouts
  isOnline(): boolean
}

/**
 * Tells the cloud of an event of one moment, with its picture if there is one. It is done when both are there: at most the reply time-out for
 * the message and the upload time-out for the picture. The bytes are the caller's again when this resolves.
 */
export const reportDirectly = async (
  parts: DirectReportParts,
  params: EventReport,
  picture: Uint8Array | undefined,
): Promise<EventVerdict> => {
  const { cloud, times, isOnline } = parts
  const { replyMs, sendMs } = times()
  const answer = await cloud.report(params, replyMs)
  if (!answer)
    return isOnline()
      ? {
          code: iv_err_code_e.IV_ERR_SYS_COMMUNICATE_TIMEOUT,
          message: `the cloud did not answer within ${replyMs} ms`,
        }
      : { code: iv_err_code_e.IV_ERR_DEVICE_OFFLINE, message: 'the device is offline' }
  if (answer.code !== ReplyCode.ok)
    return {
      code: iv_err_code_e.IV_ERR_SYS_COMMUNICATE_FAIL,
      message: `the cloud did not take the event: ${answer.code} ${answer.status}`,
    }
  if (!picture) return { code: iv_err_code_e.IV_ERR_NONE, message: '' }
  const fault = answer.data
    ? await put(parts, answer.data.picture, picture, sendMs)
    : 'the cloud gave no leave to put it'
  return fault === undefined
    ? { code: iv_err_code_e.IV_ERR_NONE, message: '' }
    : { code: iv_err_code_e.IV_ERR_CS_HTTP_DATA_FAIL, message: `picture not uploaded: ${fault}` }
}

/** Puts the picture, again if need be until the time is over; undefined when it is there, else why not. */
const put = async (
  { clock, random, putPicture }: DirectReportParts,
  grant: PictureGrant,
  bytes: Uint8Array,
  timeoutMs: number,
): Promise<string | undefined> => {
  const deadlineMs = clock.monoMs() + timeoutMs
  let fault = `no answer within ${timeoutMs} ms`
  for (let attempt = 0; ; attempt++) {
    const request = putPicture(grant, bytes)
    const timer = clock.after(deadlineMs - clock.monoMs(), () => request.cancel())
    const { outcome, message } = await request.done
    timer.cancel()
    if (outcome === 'ok') return undefined
    fault = message
    const waitMs = backoffMs(attempt, random)
    if (outcome !== 'retry' || clock.monoMs() + waitMs >= deadlineMs) return fault
    await new Promise<void>((resolve) => clock.after(waitMs, resolve))
  }
}
