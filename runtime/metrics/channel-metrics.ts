import type { Channel } from '../channel/channel.ts'
import { LATENCY_BOUNDS_MS } from '../channel/latency.ts'
import type { Clock } from '../clock.ts'
import type { ChannelUplink } from '../upload/channel-uplink.ts'
import { CLASS_OF, FAILURE_CAUSES } from '../upload/failure.ts'
import type { HistogramSample, Labels, MetricFamily, Sample } from './openmetrics.ts'

export type MeasuredLine = { channel: Channel; uplink: ChannelUplink }

const LATENCY_BOUNDS_S = LATENCY_BOUNDS_MS.map((ms) => ms / 1000)

type Reading = (line: MeasuredLine, labels: Labels) => Iterable<Sample>

/** The figures of all channels that are open. */
export const channelFamilies = (
  lines: () => Iterable<MeasuredLine>,
  clock: Clock,
): MetricFamily[] => {
  const each = (read: Reading) =>
    function* (): Generator<Sample> {
      for (const line of lines()) yield* read(line, { channel: String(line.channel.id) })
    }
  const value = (read: (line: MeasuredLine) => number) =>
    each((line, labels) => [{ labels, value: read(line) }])
  const bytes = (
    name: string,
    type: 'counter' | 'gauge',
    help: string,
    read: (line: MeasuredLine) => number,
  ): MetricFamily => ({
    name: `skyrill_${name}_bytes`,
    type,
    unit: 'bytes',
    help,
    samples: value(read),
  })
  return [
    {
      name: 'skyrill_frames',
      type: 'counter',
      help: 'Frames that were accepted.',
      samples: each(({ channel: { core } }, labels) => [
        { labels: { ...labels, kind: 'video' }, value: core.videoFrames },
        { labels: { ...labels, kind: 'audio' }, value: core.audioFrames },
      ]),
    },
    {
      name: 'skyrill_frames_refused',
      type: 'counter',
      help: 'Frames that were refused with a code.',
      samples: value(({ channel }) => channel.refused),
    },
    {
      name: 'skyrill_frames_skipped',
      type: 'counter',
      help: 'Kept frames whose time was recorded already.',
      samples: value(({ channel }) => channel.window.skipped),
    },
    bytes(
      'pushed',
      'counter',
      'Bytes of the frames that were accepted.',
      ({ channel }) => channel.pushedBytes,
    ),
    bytes(
      'muxed',
      'counter',
      'Bytes that the accepted frames became.',
      ({ channel }) => channel.core.head,
    ),
    bytes(
      'acknowledged',
      'counter',
      'Muxed bytes that the cloud has acknowledged while they were recorded.',
      ({ channel }) => channel.acknowledgedBytes,
    ),
    bytes(
      'buffered',
      'gauge',
      'Muxed bytes that wait in the ring.',
      ({ channel }) => channel.buffered,
    ),
    bytes('ring', 'gauge', 'Size of the ring.', ({ channel }) => channel.core.ringBytes),
    bytes(
      'core_memory',
      'gauge',
      "Linear memory of the channel's core.",
      ({ channel }) => channel.core.memoryBytes,
    ),
    {
      name: 'skyrill_slices',
      type: 'counter',
      help: 'Slices that are over: whole at the cloud, or not.',
      samples: each(({ channel }, labels) => [
        { labels: { ...labels, result: 'ok' }, value: channel.slicesOk },
        { labels: { ...labels, result: 'failed' }, value: channel.slicesFailed },
      ]),
    },
    {
      name: 'skyrill_appends',
      type: 'counter',
      help: 'Appends, and objects of a bucket, that were sent.',
      samples: value(({ uplink }) => uplink.appends),
    },
    {
      name: 'skyrill_retries',
      type: 'counter',
      help: 'Waits before another try.',
      samples: value(({ uplink }) => uplink.retries),
    },
    {
      name: 'skyrill_upload_failures',
      type: 'counter',
      help: 'Requests of live video that failed, by cause and by what is done about it.',
      samples: each(({ uplink }, labels) =>
        'failures' in uplink
          ? FAILURE_CAUSES.map((cause) => ({
              labels: { ...labels, cause, class: CLASS_OF[cause] },
              value: uplink.failures.of(cause),
            }))
          : [],
      ),
    },
    {
      name: 'skyrill_credential_fetches',
      type: 'counter',
      help: 'Times that credentials were asked for.',
      samples: each(({ uplink }, labels) =>
        'credentialFetches' in uplink ? [{ labels, value: uplink.credentialFetches }] : [],
      ),
    },
    {
      name: 'skyrill_lag_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'Age of the oldest frame that is not acknowledged.',
      samples: value(({ channel }) => channel.latency.lagMs(clock.monoMs()) / 1000),
    },
    {
      name: 'skyrill_unacknowledged_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'How long bytes have been waiting without any acknowledgement.',
      samples: each(({ uplink }, labels) =>
        'waitingMs' in uplink ? [{ labels, value: uplink.waitingMs / 1000 }] : [],
      ),
    },
    {
      name: 'skyrill_acknowledge_seconds',
      type: 'histogram',
      unit: 'seconds',
      help: 'From the push of a frame to the acknowledgement of its last byte.',
      *samples(): Generator<HistogramSample> {
        for (const { channel } of lines())
          yield {
            labels: { channel: String(channel.id) },
            bounds: LATENCY_BOUNDS_S,
            counts: channel.latency.counts,
            sum: channel.latency.sumMs / 1000,
          }
      },
    },
  ]
}
