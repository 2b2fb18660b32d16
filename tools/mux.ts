import { CoreError } from '../core-wasm/index.ts'
import { AAC_FRAME_SAMPLES } from '../runtime/source/adts.ts'
import { choiceOption, fpsOption, numberOption, readOptions } from './cli/options.ts'
import { InputError, UsageError } from './cli/usage-error.ts'
import { writeAdts } from './mux/adts-file.ts'
import { type AudioSource, openAudio } from './mux/audio-source.ts'
import { Camera, type CameraOptions, type Refusal } from './mux/camera.ts'
import { prepareFolder, type SliceReport } from './mux/slice-files.ts'
import { openVideo, type VideoSource } from './mux/video-source.ts'

export const MUX_HELP = `skyrill mux: write the slices that a camera pushing these frames would upload

  skyrill mux --video FILE.h264|.h265 [--fps N] [--audio FILE] --format ts|fmp4 --out DIR [--json]
  skyrill mux --audio FILE --format ts|fmp4|adts --out DIR

  --video FILE     raw H.264 or H.265 with start codes, no B frames
  --fps N          pictures per second (25, 29.97, 30000/1001); default: what the stream says, else 25
  --audio FILE     AAC in ADTS frames, WAV (16-bit PCM, G.711), or headerless .g711a, .g711u; all but AAC are encoded
  --rate N         sample rate of headerless G.711, Hz; default 8000
  --bitrate N      of the AAC encoder, bit/s; default: fits rate and channels
  --format F       ts or fmp4: slices of 10 s and more, cut at IDRs; adts: the sound alone, one file
  --out DIR        folder of the slices; their names sort in time order
  --gop-size N     u32MaxGopSize, bytes, a multiple of 4096; default 8388608
  --utc N          UTC of the first frame, ms; default 0, so that the same input always gives the same bytes
  --json           one JSON object with each slice's file, times, frames and bytes`

const GOP_SIZE_DEFAULT = 8 * 1024 * 1024
const OPTIONS = {
  video: { type: 'string' },
  fps: { type: 'string' },
  audio: { type: 'string' },
  rate: { type: 'string' },
  bitrate: { type: 'string' },
  format: { type: 'string' },
  out: { type: 'string' },
  'gop-size': { type: 'string' },
  utc: { type: 'string' },
  json: { type: 'boolean' },
} as const

export type MuxOptions = {
  format: 'ts' | 'fmp4' | 'adts'
  out: string
  json: boolean
  videoPath: string | undefined
  audioPath: string | undefined
  fps: number | undefined
  rate: number | undefined
  bitRate: number
  gopSize: number
  utcMs: number
}

export const MUX_DEFAULTS = {
  json: false,
  videoPath: undefined,
  audioPath: undefined,
  fps: undefined,
  rate: undefined,
  bitRate: 0,
  gopSize: GOP_SIZE_DEFAULT,
  utcMs: 0,
} as const

const readMuxOptions = (args: readonly string[]): MuxOptions | undefined => {
  const { values } = readOptions(args, OPTIONS)
  if (values.help) return undefined
  const format = choiceOption('format', values.format, ['ts', 'fmp4', 'adts'])
  const gopSize = numberOption('gop-size', values['gop-size'], {
    min: 4096,
    max: 2 ** 30,
    unit: 'bytes',
  })
  if (format === undefined) throw new UsageError('--format is missing: ts, fmp4 or adts')
  if (values.out === undefined) throw new UsageError('--out is missing: the folder for the slices')
  if (values.video === undefined && values.audio === undefined)
    throw new UsageError('--video or --audio is missing: nothing to mux')
  if (format === 'adts' && (values.video !== undefined || values.audio === undefined))
    throw new UsageError('--format adts is for sound alone: give --audio and no --video')
  if (gopSize !== undefined && gopSize % 4096 !== 0)
    throw new UsageError(`--gop-size ${gopSize}: must be a multiple of 4096 bytes`)
  return {
    format,
    out: values.out,
    json: values.json ?? false,
    videoPath: values.video,
    audioPath: values.audio,
    fps: fpsOption(values.fps),
    rate: numberOption('rate', values.rate, { min: 7350, max: 96_000, unit: 'Hz' }),
    bitRate:
      numberOption('bitrate', values.bitrate, { min: 4000, max: 576_000, unit: 'bit/s' }) ?? 0,
    gopSize: gopSize ?? GOP_SIZE_DEFAULT,
    utcMs: numberOption('utc', values.utc, { min: 0, max: 2 ** 53, unit: 'ms' }) ?? 0,
  }
}

/** Pushes both streams in the order of their times, pictures first, as they would come from a camera. */
const pushAll = async (
  camera: Camera,
  video: VideoSource | undefined,
  audio: AudioSource | undefined,
): Promise<void> => {
  const pictures = video?.frames()[Symbol.asyncIterator]()
  const sound = audio && iterate(audio.frames())
  const soundMs = audio ? (AAC_FRAME_SAMPLES * 1000) / audio.sampleRate : 0
  let picture = await pictures?.next()
  let block = await sound?.next()
  let blocks = 0
  camera.files.lastFrameMs = soundMs
  while (picture?.done === false || block?.done === false) {
    const audioPts = blocks * soundMs
    if (picture?.done === false && (block?.done !== false || picture.value.ptsMs <= audioPts)) {
      camera.files.lastFrameMs = 1000 / video!.fps
      await camera.video(picture.value.data, picture.value.key, picture.value.ptsMs)
      picture = await pictures!.next()
    } else if (block?.done === false) {
      camera.audio(block.value, audioPts)
      blocks++
      block = await sound!.next()
    }
  }
  camera.stop()
}

const iterate = <T>(source: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> | Iterator<T> =>
  Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()

export type MuxReport = {
  out: string
  format: 'ts' | 'fmp4'
  video?: { codec: string; fps: number; frames: number }
  audio?: { coding: string; sampleRate: number; channels: number; frames: number }
  slices: SliceReport[]
  bytes: number
  refused: Refusal[]
}

/** Muxes files into slices; what it throws for a bad input is an InputError. */
export const muxFiles = async (
  options: MuxOptions & { format: 'ts' | 'fmp4' },
): Promise<MuxReport> => {
  const { out, format } = options
  const video =
    options.videoPath === undefined ? undefined : openVideo(options.videoPath, options.fps)
  const audio =
    options.audioPath === undefined ? undefined : openAudio(options.audioPath, options.rate)
  prepareFolder(out)
  const camera = await openCamera({
    folder: out,
    format,
    ringBytes: options.gopSize,
    video: video?.codec,
    audio: audio && {
      input: audio.input,
      sampleRate: audio.sampleRate,
      channels: audio.channels,
      bitRate: options.bitRate,
    },
    startUtcMs: options.utcMs,
  })
  await pushAll(camera, video, audio)
  const { slices } = camera.files
  const total = (pick: (slice: SliceReport) => number) =>
    slices.reduce((sum, slice) => sum + pick(slice), 0)
  return {
    out,
    format,
    ...(video && {
      video: { codec: video.codec, fps: video.fps, frames: total((slice) => slice.frames) },
    }),
    ...(audio && {
      audio: {
        coding: audio.coding,
        sampleRate: audio.sampleRate,
        channels: audio.channels,
        frames: total((slice) => slice.audioFrames),
      },
    }),
    slices,
    bytes: total((slice) => slice.bytes),
    refused: camera.refused,
  }
}

/** A configuration that the core refuses is a fault of what was typed or of the file: its message says which. */
const openCamera = async (options: CameraOptions): Promise<Camera> => {
  try {
    return await Camera.open(options)
  } catch (error) {
    throw error instanceof CoreError ? new InputError(error.message) : error
  }
}

const printReport = ({ slices, bytes, out }: MuxReport): void => {
  const seconds = (ms: number): string => (ms / 1000).toFixed(3)
  for (const { file, startPtsMs, durationMs, frames, audioFrames, bytes: size } of slices)
    console.log(
      `${file}  ${seconds(startPtsMs)} s + ${seconds(durationMs)} s  ${frames} pictures  ${audioFrames} audio frames  ${size} bytes`,
    )
  console.log(`${slices.length} slices, ${bytes} bytes in ${out}`)
}

/** `skyrill mux`. @returns the exit code */
export const mux = async (args: readonly string[]): Promise<number> => {
  const options = readMuxOptions(args)
  if (!options) {
    console.log(MUX_HELP)
    return 0
  }
  const { format } = options
  if (format === 'adts')
    return await writeAdts(openAudio(options.audioPath!, options.rate), options)
  const report = await muxFiles({ ...options, format })
  for (const { status, count, message } of report.refused)
    console.error(`skyrill mux: ${count} frames refused, ${status}: ${message}`)
  if (report.slices.length === 0)
    throw new InputError('no frame was accepted, so there is no slice')
  if (options.json) console.log(JSON.stringify(report, undefined, 2))
  else printReport(report)
  return 0
}
