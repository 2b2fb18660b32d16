import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readAdtsFrames } from '../../runtime/source/adts.ts'
import { FaultLog } from '../check/fault-log.ts'
import { InputError } from '../cli/usage-error.ts'
import { type Pes, TsDemuxer } from '../ts/demuxer.ts'
import { PTS_HZ, PTS_WRAP } from '../ts/pes.ts'
import { TS_RULES } from '../ts/rules.ts'
import type { MediaFrame, MediaSource } from './media.ts'

const STREAM_H264 = 0x1b
const STREAM_H265 = 0x24
const STREAM_ADTS = 0x0f
const AUDIO_RATE = 16_000
const GOP_S = 2
const PROBE_TIMEOUT_MS = 20_000
const INSTALL =
  'ffmpeg is needed for this input and was not found; install it (Debian: apt install ffmpeg), or give a raw .h264 file'

type Probe = {
  codec: string
  bFrames: boolean
  fps: number
  hasAudio: boolean
  live: boolean
  raw: boolean
}

const isUrl = (input: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(input)

/** A camera of the board: `v4l2:/dev/video0`. */
const V4L2 = 'v4l2:'

export const isCaptureDevice = (input: string): boolean => input.startsWith(V4L2)

/** ffmpeg's options for an input. Cameras with an encoder are asked for H.264; `raw` takes what those without one give. */
export const inputArgs = (input: string, raw = false): string[] => {
  if (isCaptureDevice(input)) {
    const format = raw ? [] : ['-input_format', 'h264']
    return ['-f', 'v4l2', ...format, '-i', input.slice(V4L2.length)]
  }
  if (/^rtsps?:/i.test(input)) return ['-rtsp_transport', 'tcp', '-i', input]
  return ['-i', input]
}

const probe = (input: string, raw = false): Probe => {
  const done = spawnSync(
    'ffprobe',
    [
      ...['-v', 'error', '-of', 'json'],
      ...['-show_entries', 'stream=codec_type,codec_name,has_b_frames,avg_frame_rate'],
      ...inputArgs(input, raw),
    ],
    { timeout: PROBE_TIMEOUT_MS, encoding: 'utf8' },
  )
  if ((done.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
    throw new InputError(INSTALL)
  // a camera without an encoder
  if (done.status !== 0 && isCaptureDevice(input) && !raw) return probe(input, true)
  if (done.status !== 0)
    throw new InputError(
      `${input}: ${done.stderr.trim() || done.error?.message || 'cannot be opened'}`,
    )
  type Stream = {
    codec_type?: string
    codec_name?: string
    has_b_frames?: number
    avg_frame_rate?: string
  }
  const { streams = [] } = JSON.parse(done.stdout) as { streams?: Stream[] }
  const video = streams.find((stream) => stream.codec_type === 'video')
  if (!video) throw new InputError(`${input}: no video in it`)
  const [over = 0, under = 1] = (video.avg_frame_rate ?? '').split('/').map(Number)
  return {
    codec: video.codec_name ?? '',
    bFrames: (video.has_b_frames ?? 0) > 0,
    fps: under > 0 && Number.isFinite(over / under) ? over / under : 0,
    hasAudio: streams.some((stream) => stream.codec_type === 'audio'),
    live: isUrl(input) || isCaptureDevice(input),
    raw,
  }
}

/**
 * Any input that ffmpeg reads. H.264 and H.265 without B frames are passed on as they are, everything else is encoded. ffmpeg paces files and repeats
 * them; its MPEG-TS carries the times.
 */
export const openFfmpeg = (input: string): MediaSource => {
  const found = probe(input)
  const keeps = (found.codec === 'h264' || found.codec === 'hevc') && !found.bFrames
  const codec = keeps && found.codec === 'hevc' ? 'h265' : 'h264'
  const gop = String(Math.max(1, Math.round((found.fps || 25) * GOP_S)))
  const encode = [
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-tune',
    'zerolatency',
    '-bf',
    '0',
    '-g',
    gop,
    '-pix_fmt',
    'yuv420p',
  ]
  const args = [
    ...['-hide_banner', '-nostdin', '-v', 'error'],
    ...(found.live ? [] : ['-re', '-stream_loop', '-1']),
    ...inputArgs(input, found.raw),
    ...['-map', '0:v:0', ...(keeps ? ['-c:v', 'copy'] : encode)],
    ...(found.hasAudio
      ? ['-map', '0:a:0', '-c:a', 'aac', '-ar', String(AUDIO_RATE), '-ac', '1']
      : []),
    ...['-f', 'mpegts', '-muxdelay', '0', '-muxpreload', '0', '-flush_packets', '1', 'pipe:1'],
  ]
  let child: ChildProcess | undefined
  return {
    codec,
    hasAudio: found.hasAudio,
    fps: Math.round(found.fps),
    live: true,
    async *frames() {
      child = spawn('ffmpeg', args, { stdio: ['ignore', 'pipe', 'pipe'] })
      let complaint = ''
      child.stderr!.on('data', (text: Uint8Array) => {
        complaint = `${complaint}${text}`.slice(-2000)
      })
      const ended = new Promise<number>((resolve) => {
        child!.on('error', () => resolve(-1))
        child!.on('close', (code) => resolve(code ?? 0))
      })
      yield* demux(child.stdout as AsyncIterable<Uint8Array>)
      const code = await ended
      if (code > 0) throw new InputError(`ffmpeg ended with ${code}: ${complaint.trim()}`)
      if (code < 0) throw new InputError(INSTALL)
    },
    close() {
      child?.kill('SIGTERM')
    },
  }
}

/** Pictures and sound of a transport stream in the order in which they come. */
async function* demux(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<MediaFrame> {
  const packets: Pes[] = []
  // what ffmpeg writes is not ours to judge: faults are not looked at
  const demuxer = new TsDemuxer(new FaultLog(TS_RULES), { pes: (pes) => packets.push(pes) })
  const clock = new WrapClock()
  for await (const chunk of chunks) {
    demuxer.push(chunk)
    for (const pes of packets.splice(0)) yield* framesOf(pes, clock)
  }
  demuxer.finish()
  for (const pes of packets.splice(0)) yield* framesOf(pes, clock)
}

async function* framesOf(pes: Pes, clock: WrapClock): AsyncGenerator<MediaFrame> {
  if (pes.header.pts === undefined) return
  const ptsMs = clock.ms(pes.header.pts)
  if (pes.streamType === STREAM_H264 || pes.streamType === STREAM_H265)
    yield { kind: 'video', data: pes.data, ptsMs, key: pes.randomAccess }
  else if (pes.streamType === STREAM_ADTS) {
    let frames = 0
    for await (const { data, header } of readAdtsFrames([pes.data]))
      yield {
        kind: 'audio',
        data,
        ptsMs: ptsMs + (frames++ * 1024 * 1000) / header.sampleRate,
        key: false,
      }
  }
}

/** 33-bit times made continuous: ffmpeg's wrap after 26.5 h. Spec: 13818-1 2.4.3.7. */
class WrapClock {
  #last: number | undefined

  ms(pts: number): number {
    if (this.#last === undefined) this.#last = pts
    else {
      const step = (pts - this.#last) % PTS_WRAP
      const half = PTS_WRAP / 2
      this.#last += step > half ? step - PTS_WRAP : step < -half ? step + PTS_WRAP : step
    }
    return (this.#last * 1000) / PTS_HZ
  }
}
