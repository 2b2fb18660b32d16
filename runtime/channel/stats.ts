import type { ChannelUplink } from '../upload/channel-uplink.ts'
import {
  CLASS_OF,
  FAILURE_CAUSES,
  type FailureClass,
  type FailureCounts,
} from '../upload/failure.ts'
import type { Channel } from './channel.ts'
import type { ChannelState } from './states.ts'

/** What is known of a channel, read at once. */
export type ChannelStats = {
  state: ChannelState
  uplink: ChannelUplink['state']
  /** accepted since initCs */
  videoFrames: number
  audioFrames: number
  refusedFrames: number
  /** kept frames that were recorded already */
  skippedFrames: number
  /** bytes of the accepted frames, what they became, and what of that the cloud has acknowledged while it was recorded */
  pushedBytes: number
  muxedBytes: number
  acknowledgedBytes: number
  /** muxed bytes that the cloud has not acknowledged, and how many there may be */
  bufferedBytes: number
  capacityBytes: number
  /** age of the oldest frame that is not acknowledged */
  lagMs: number
  /** median time from push to acknowledgement, newest frames */
  ackMedianMs: number
  slicesOk: number
  slicesFailed: number
  appends: number
  /** waits before another try */
  retries: number
  /** requests that failed, by what is done about it; the metrics have them by cause */
  failures?: Record<FailureClass, number>
  /** times that upload tokens were asked for */
  credentialFetches?: number
  /** how long bytes have been waiting without any acknowledgement */
  waitingMs?: number
  /** with a bucket uplink: whether the fallback is used, and how far the device's clock is behind the store's */
  bucket?: { onFallback: boolean; clockOffsetMs: number }
  /** linear memory of the channel's core */
  memoryBytes: number
}

export const statsOf = (channel: Channel, uplink: ChannelUplink, monoMs: number): ChannelStats => {
  const { core, latency } = channel
  return {
    state: channel.state,
    uplink: uplink.state,
    videoFrames: core.videoFrames,
    audioFrames: core.audioFrames,
    refusedFrames: channel.refused,
    skippedFrames: channel.window.skipped,
    pushedBytes: channel.pushedBytes,
    muxedBytes: core.head,
    acknowledgedBytes: channel.acknowledgedBytes,
    bufferedBytes: channel.buffered,
    capacityBytes: core.ringBytes,
    lagMs: latency.lagMs(monoMs),
    ackMedianMs: latency.medianMs(),
    slicesOk: channel.slicesOk,
    slicesFailed: channel.slicesFailed,
    appends: uplink.appends,
    retries: uplink.retries,
    ...('failures' in uplink && {
      failures: byClass(uplink.failures),
      credentialFetches: uplink.credentialFetches,
      waitingMs: uplink.waitingMs,
    }),
    ...('clockOffsetMs' in uplink && {
      bucket: { onFallback: uplink.onFallback, clockOffsetMs: uplink.clockOffsetMs },
    }),
    memoryBytes: core.memoryBytes,
  }
}

const byClass = (failures: FailureCounts): Record<FailureClass, number> => {
  const counts = { retry: 0, credentials: 0, plan: 0, configuration: 0, data: 0 }
  for (const cause of FAILURE_CAUSES) counts[CLASS_OF[cause]] += failures.of(cause)
  return counts
}
