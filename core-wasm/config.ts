import {
  AUDIO_AAC,
  AUDIO_NONE,
  CONFIG_AUDIO_BIT_RATE,
  CONFIG_AUDIO_INPUT,
  CONFIG_CHANNELS,
  CONFIG_FORMAT,
  CONFIG_FULL_POLICY,
  CONFIG_NOMINAL_FPS,
  CONFIG_RING_BYTES,
  CONFIG_SAMPLE_RATE,
  CONFIG_SLICE_MAX_MS,
  CONFIG_SLICE_MIN_MS,
  CONFIG_VIDEO_CODEC,
  FORMAT_TS,
  POLICY_EVICT,
  VIDEO_H264,
} from './abi.gen.ts'

/** Configuration of one channel. Numbers are the spec's (`FORMAT_*`, `VIDEO_*`, `AUDIO_*`, `POLICY_*`). */
export type CoreConfig = {
  /** u32MaxGopSize: a multiple of 4096 */
  ringBytes: number
  /** default TS */
  format?: number
  /** default H.264 */
  videoCodec?: number
  /** default none; `AUDIO_AAC` takes rate and channels from the ADTS header */
  audioInput?: number
  sampleRate?: number
  channels?: number
  /** bit/s of the AAC encoder; 0 = its default */
  audioBitRate?: number
  /** 0 = variable */
  nominalFps?: number
  sliceMinMs?: number
  sliceMaxMs?: number
  /** default evict */
  fullPolicy?: number
}

export const SLICE_MIN_MS = 10_000
export const SLICE_MAX_MS = 60_000

/** Fills the config block at `address`. */
export const writeConfig = (memory: WebAssembly.Memory, address: number, config: CoreConfig) => {
  const view = new DataView(memory.buffer)
  const audio = config.audioInput ?? AUDIO_NONE
  const fields: [offset: number, value: number][] = [
    [CONFIG_RING_BYTES, config.ringBytes],
    [CONFIG_FORMAT, config.format ?? FORMAT_TS],
    [CONFIG_VIDEO_CODEC, config.videoCodec ?? VIDEO_H264],
    [CONFIG_AUDIO_INPUT, audio],
    [CONFIG_SAMPLE_RATE, config.sampleRate ?? (audio === AUDIO_AAC ? 0 : 16_000)],
    [CONFIG_CHANNELS, config.channels ?? (audio === AUDIO_AAC ? 0 : 1)],
    [CONFIG_AUDIO_BIT_RATE, config.audioBitRate ?? 0],
    [CONFIG_NOMINAL_FPS, config.nominalFps ?? 0],
    [CONFIG_SLICE_MIN_MS, config.sliceMinMs ?? SLICE_MIN_MS],
    [CONFIG_SLICE_MAX_MS, config.sliceMaxMs ?? SLICE_MAX_MS],
    [CONFIG_FULL_POLICY, config.fullPolicy ?? POLICY_EVICT],
  ]
  for (const [offset, value] of fields) view.setInt32(address + offset, value, true)
}
