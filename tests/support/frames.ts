import { readFileSync } from 'node:fs'
import { type CloudStorage, iv_cm_frame_type_e, iv_cm_stream_type_e } from '../../runtime/index.ts'
import { AAC_FRAME_SAMPLES, readAdtsFrames } from '../../runtime/source/adts.ts'
import {
  AccessUnitSplitter,
  readAccessUnits,
  type VideoCodec,
} from '../../runtime/source/annexb.ts'

export type Frame = {
  kind: 'video' | 'audio'
  data: Uint8Array
  ptsMs: number
  seq: number
  key: boolean
}

/** Frames of a raw stream, and of its sound, in the order in which a camera pushes them. */
export const framesOf = async (
  videoPath: string,
  codec: VideoCodec,
  options: { audioPath?: string; fps?: number } = {},
): Promise<Frame[]> => {
  const frames: Frame[] = []
  const fps = options.fps ?? 25
  let seq = 0
  for await (const unit of readAccessUnits(
    [readFileSync(videoPath)],
    new AccessUnitSplitter(codec),
  )) {
    const ptsMs = (seq * 1000) / fps
    frames.push({ kind: 'video', data: unit.data.slice(), ptsMs, seq: seq++, key: unit.key })
  }
  if (options.audioPath === undefined) return frames
  seq = 0
  for await (const { data, header } of readAdtsFrames([readFileSync(options.audioPath)])) {
    const ptsMs = (seq * AAC_FRAME_SAMPLES * 1000) / header.sampleRate
    frames.push({ kind: 'audio', data: data.slice(), ptsMs, seq: seq++, key: false })
  }
  // sound of the same time goes first, so that the first slice announces it
  return frames.sort((a, b) => a.ptsMs - b.ptsMs || (a.kind === 'audio' ? -1 : 1))
}

/** A frame as it is pushed. */
export const packOf = (frame: Frame) => ({
  pu8Addr: frame.data,
  u64PTS: frame.ptsMs,
  u32Seq: frame.seq,
  eFrameType: frame.key
    ? iv_cm_frame_type_e.IV_CM_FRAME_TYPE_I
    : iv_cm_frame_type_e.IV_CM_FRAME_TYPE_P,
})

/** Pushes a frame as a camera's program does. @returns the code */
export const pushFrame = (storage: CloudStorage, channel: number, frame: Frame): number =>
  storage.pushCsStream(
    channel,
    frame.kind === 'video'
      ? iv_cm_stream_type_e.IV_CM_STREAM_TYPE_VIDEO
      : iv_cm_stream_type_e.IV_CM_STREAM_TYPE_AUDIO,
    packOf(frame),
  )

/** The same frames again and again with times that go on. */
export const looped = (frames: readonly Frame[], turns: number, turnMs: number): Frame[] =>
  Array.from({ length: turns }, (_, turn) => {
    const count = { video: 0, audio: 0 }
    for (const frame of frames) count[frame.kind]++
    return frames.map((frame) => ({
      ...frame,
      ptsMs: frame.ptsMs + turn * turnMs,
      seq: frame.seq + turn * count[frame.kind],
    }))
  }).flat()
