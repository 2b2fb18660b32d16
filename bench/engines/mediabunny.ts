import {
  AppendOnlyStreamTarget,
  EncodedPacket,
  EncodedVideoPacketSource,
  Mp4OutputFormat,
  MpegTsOutputFormat,
  NullTarget,
  Output,
  type Target,
} from 'mediabunny'
import type { Clip } from '../clips.ts'
import { BATCH_MS, type Contender } from '../harness.ts'
import type { Format, Row } from './skyrill.ts'

const FRAGMENT_S = 0.5
const COLOR = { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false } as const

const codecsOf = (clip: Clip): string =>
  clip.codec === 'h264' ? 'avc1.640028' : 'hvc1.1.6.L120.90'

const muxOnce = async (clip: Clip, format: Format, row: Row, target: Target): Promise<void> => {
  const output = new Output({
    format:
      format === 'ts'
        ? new MpegTsOutputFormat()
        : new Mp4OutputFormat({ fastStart: 'fragmented', minimumFragmentDuration: FRAGMENT_S }),
    target,
  })
  const source = new EncodedVideoPacketSource(clip.codec === 'h264' ? 'avc' : 'hevc')
  output.addVideoTrack(source)
  await output.start()
  const seconds = clip.frameMs / 1000
  const decoderConfig = {
    codec: codecsOf(clip),
    codedWidth: clip.width,
    codedHeight: clip.height,
    colorSpace: COLOR,
  }
  let index = 0
  for (const { data, key } of clip.frames) {
    const bytes = row === 'copied' ? data.slice() : data
    const packet = new EncodedPacket(bytes, key ? 'key' : 'delta', index * seconds, seconds)
    await source.add(packet, index === 0 ? { decoderConfig } : undefined)
    index++
  }
  await output.finalize()
}

/** mediabunny pushing the same packets; its writer and its promises are part of what is measured, as they are part of its use. */
export const mediabunny = async (clip: Clip, format: Format, row: Row): Promise<Contender> => {
  let written = 0
  const counter = new WritableStream<Uint8Array>({
    write: (chunk) => {
      written += chunk.length
    },
  })
  await muxOnce(clip, format, row, new AppendOnlyStreamTarget(counter))
  return {
    engine: 'mediabunny',
    overheadBytes: written - clip.bytes,
    batch: async () => {
      const start = performance.now()
      let passes = 0
      let elapsed = 0
      while (elapsed < BATCH_MS) {
        await muxOnce(clip, format, row, new NullTarget())
        passes++
        elapsed = performance.now() - start
      }
      return { ns: elapsed * 1e6, frames: passes * clip.frames.length, bytes: passes * clip.bytes }
    },
  }
}
