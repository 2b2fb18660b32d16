import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildFolder } from './paths.ts'
import { toolPath } from './tools.ts'

const OUTPUT_MAX_BYTES = 256 * 1024 * 1024
const TIMEOUT_MS = 110_000

export type RunResult = { status: number; stdout: Buffer; stderr: string }

/** Runs a program to its end. Its exit status is returned, not judged; a program that cannot be run throws. */
export const run = (
  command: string,
  args: readonly string[],
  options: { input?: Uint8Array; cwd?: string; timeoutMs?: number } = {},
): RunResult => {
  const done = spawnSync(command, [...args], {
    maxBuffer: OUTPUT_MAX_BYTES,
    timeout: options.timeoutMs ?? TIMEOUT_MS,
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  if (done.error) throw new Error(`${command} ${args.join(' ')}: ${done.error.message}`)
  return {
    status: done.status ?? -1,
    stdout: Buffer.from(done.stdout),
    stderr: Buffer.from(done.stderr).toString('utf8'),
  }
}

/** Runs ffmpeg; a non-zero exit throws with what it said. */
export const ffmpeg = (...args: string[]): RunResult => {
  const done = run(toolPath('ffmpeg'), ['-hide_banner', '-nostdin', '-v', 'error', ...args])
  if (done.status !== 0) throw new Error(`ffmpeg ${args.join(' ')}: ${done.stderr}`)
  return done
}

/** `ffprobe -show_streams -show_format`, parsed. */
// biome-ignore lint/suspicious/noExplicitAny: ffprobe's JSON has no schema worth repeating here
export const ffprobe = (path: string, ...args: string[]): any => {
  const done = run(toolPath('ffprobe'), [
    ...['-v', 'error', '-of', 'json', '-show_streams', '-show_format'],
    ...args,
    path,
  ])
  if (done.status !== 0) throw new Error(`ffprobe ${path}: ${done.stderr}`)
  return JSON.parse(done.stdout.toString('utf8'))
}

/** ffmpeg says this of every file without a header that tells its length. */
const HARMLESS = /Estimating duration from bitrate, this may be inaccurate\n?$/

/** Decodes strictly and returns what the decoder and demuxer complained about (empty = clean). */
export const decodeComplaints = (path: string): string => {
  const args = ['-v', 'warning', '-xerror', '-err_detect', 'explode', '-i', path, '-f', 'null', '-']
  const done = run(toolPath('ffmpeg'), ['-hide_banner', '-nostdin', ...args])
  const said = done.stderr
    .split(/(?<=\n)/)
    .filter((line) => !HARMLESS.test(line))
    .join('')
  return done.status === 0 ? said : `exit ${done.status}\n${said}`
}

/**
 * MD5 of each decoded picture in output order. Timestamps are ignored (`-vsync passthrough`, so no picture is
 * repeated or dropped), so a raw stream and the same stream in a container compare equal.
 * @param inputArgs options that stand before `-i`, such as `-f h264`
 */
export const videoFrameMd5s = (path: string, inputArgs: readonly string[] = []): string[] =>
  frameMd5s([...inputArgs, '-i', path, '-map', '0:v:0', '-vsync', 'passthrough'])

/** MD5 of each decoded audio frame. */
export const audioFrameMd5s = (path: string, inputArgs: readonly string[] = []): string[] =>
  frameMd5s([...inputArgs, '-i', path, '-map', '0:a:0'])

const frameMd5s = (args: readonly string[]): string[] =>
  ffmpeg(...args, '-f', 'framemd5', '-')
    .stdout.toString('utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.slice(line.lastIndexOf(',') + 1).trim())

/** Makes a file once and keeps it under build/clips; the same arguments give the same file. */
const cached = (extension: string, args: readonly string[]): string => {
  const key = createHash('sha256').update(JSON.stringify(args)).digest('hex').slice(0, 16)
  const path = join(buildFolder('clips'), `${key}.${extension}`)
  if (existsSync(path)) return path
  // renamed when complete: test files run in parallel and may want the same clip
  const partial = join(buildFolder('clips'), `${key}.${process.pid}.part.${extension}`)
  try {
    ffmpeg(...args, '-y', partial)
    renameSync(partial, path)
  } finally {
    rmSync(partial, { force: true })
  }
  return path
}

export type ClipOptions = {
  codec: 'h264' | 'h265'
  width?: number
  height?: number
  fps?: number | string
  frames?: number
  /** pictures from one IDR to the next */
  gop?: number
  /** lavfi source; `$SIZE` and `$FPS` are filled in */
  source?: string
  bitrateKbps?: number
  /** more x264-params / x265-params, such as `slices=4:aud=1` */
  params?: string
  /** encoder preset; tests want speed, not compression */
  preset?: string
}

/** Path of a raw Annex B clip as a camera encodes: no B frames, closed GOPs of fixed length. Made once. */
export const videoClip = (options: ClipOptions): string => {
  const { codec, width = 320, height = 240, fps = 25, frames = 50, gop = 25 } = options
  const source = (options.source ?? 'testsrc2=size=$SIZE:rate=$FPS')
    .replaceAll('$SIZE', `${width}x${height}`)
    .replaceAll('$FPS', String(fps))
  const common = `keyint=${gop}:min-keyint=${gop}:scenecut=0:bframes=0:open-gop=0`
  const params = options.params === undefined ? common : `${common}:${options.params}`
  const encoder =
    codec === 'h264'
      ? ['-c:v', 'libx264', '-x264-params', params]
      : ['-c:v', 'libx265', '-x265-params', `log-level=error:${params}`]
  return cached(codec, [
    ...['-f', 'lavfi', '-i', source, '-frames:v', String(frames), '-pix_fmt', 'yuv420p'],
    ...encoder,
    ...['-preset', options.preset ?? 'ultrafast'],
    ...(options.bitrateKbps === undefined ? [] : ['-b:v', `${options.bitrateKbps}k`]),
    ...['-f', codec === 'h264' ? 'h264' : 'hevc', '-bitexact'],
  ])
}

export type AudioClipOptions = {
  rate?: number
  channels?: number
  seconds?: number
  bitrateKbps?: number
  source?: string
}

const audioArgs = (options: AudioClipOptions): string[] => {
  const { rate = 16000, channels = 1, seconds = 2 } = options
  const source = options.source ?? `sine=frequency=440:beep_factor=4:sample_rate=${rate}`
  return [
    '-f',
    'lavfi',
    '-i',
    source,
    '-t',
    String(seconds),
    '-ar',
    String(rate),
    '-ac',
    String(channels),
  ]
}

/** Path of an AAC-LC clip in ADTS frames. Made once. */
export const aacClip = (options: AudioClipOptions = {}): string =>
  cached('aac', [
    ...audioArgs(options),
    ...['-c:a', 'aac', '-b:a', `${options.bitrateKbps ?? 32}k`, '-f', 'adts', '-bitexact'],
  ])

/** Path of a 16-bit PCM WAV clip. Made once. */
export const wavClip = (options: AudioClipOptions = {}): string =>
  cached('wav', [...audioArgs(options), '-c:a', 'pcm_s16le', '-f', 'wav', '-bitexact'])

/** Path of a headerless G.711 clip. Made once. */
export const g711Clip = (law: 'a' | 'u', options: AudioClipOptions = {}): string =>
  cached(law === 'a' ? 'g711a' : 'g711u', [
    ...audioArgs({ rate: 8000, ...options }),
    ...['-c:a', law === 'a' ? 'pcm_alaw' : 'pcm_mulaw', '-f', law === 'a' ? 'alaw' : 'mulaw'],
  ])

/** Muxes or copies files with ffmpeg into a container that is made once (`ts`, `mp4`). */
export const containerClip = (
  extension: string,
  inputs: readonly string[],
  outputArgs: readonly string[],
): string => cached(extension, [...inputs.flatMap((path) => ['-i', path]), ...outputArgs])
