import {
  AccessUnitSplitter,
  AnnexBError,
  readAccessUnits,
  type VideoCodec,
} from '../../runtime/source/annexb.ts'
import { fileChunks, fileHead } from '../cli/file-chunks.ts'
import { InputError } from '../cli/usage-error.ts'
import { detectFileType, HEAD_BYTES } from '../report/file-type.ts'

export const DEFAULT_FPS = 25
/** VUI timing outside of this is a mistake of the encoder's. */
const FPS_PLAUSIBLE = { min: 1, max: 240 }

export type VideoFrame = { data: Uint8Array; key: boolean; ptsMs: number }

export type VideoSource = {
  codec: VideoCodec
  /** known once the first frame has been read */
  readonly fps: number
  frames(): AsyncIterable<VideoFrame>
}

/**
 * Pictures of a raw H.264 or H.265 file at a constant rate.
 * @param fps pictures per second; default is what the stream's SPS says, else 25
 */
export const openVideo = (path: string, fps: number | undefined): VideoSource => {
  const type = detectFileType(fileHead(path, HEAD_BYTES))
  if (type !== 'h264' && type !== 'h265')
    throw new InputError(
      `${path}: is ${type ?? 'no known format'}; --video takes raw H.264 or H.265 with start codes`,
    )
  const splitter = new AccessUnitSplitter(type)
  const rate = (): number => {
    const own = splitter.fps ?? 0
    const plausible = own >= FPS_PLAUSIBLE.min && own <= FPS_PLAUSIBLE.max
    return fps ?? (plausible ? own : DEFAULT_FPS)
  }
  const frames = async function* (): AsyncGenerator<VideoFrame> {
    let index = 0
    try {
      for await (const { data, key } of readAccessUnits(fileChunks(path), splitter))
        yield { data, key, ptsMs: (index++ * 1000) / rate() }
    } catch (error) {
      throw error instanceof AnnexBError ? new InputError(`${path}: ${error.message}`) : error
    }
  }
  return {
    codec: type,
    get fps() {
      return rate()
    },
    frames,
  }
}
