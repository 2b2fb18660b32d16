import type { ChannelUplink } from '../upload/channel-uplink.ts'
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
  muxedBytes: number
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
  retries: number
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
    muxedBytes: core.head,
    bufferedBytes: channel.buffered,
    capacityBytes: core.ringBytes,
    lagMs: latency.lagMs(monoMs),
    ackMedianMs: latency.medianMs(),
    slicesOk: channel.slicesOk,
    slicesFailed: channel.slicesFailed,
    appends: uplink.appends,
    retries: uplink.retries,
    ...('clockOffsetMs' in uplink && {
      bucket: { onFallback: uplink.onFallback, clockOffsetMs: uplink.clockOffsetMs },
    }),
    memoryBytes: core.memoryBytes,
  }
}
