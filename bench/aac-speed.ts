import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import { AacEncoder } from '../core-wasm/aac-encoder.ts'
import { isMain } from '../tools/cli/main-module.ts'
import { commandLine, process, RUNTIMES, type RuntimeName, runtimeVersion } from './runtime.ts'
import { readWav } from './wav.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FOLDER = join(ROOT, 'build', 'aac-bench')
const RATE = 16000
const BIT_RATE = 32000
const SECONDS = 600
const ROUNDS = 3

/** CPU time in user space for the whole file; the faster of the rounds. */
export type SpeedCase = {
  engine: string
  version: string
  userSeconds: number
  timesRealTime: number
}

/** Ten minutes of speech: the voice clip over and over. */
const speech = (): string => {
  const path = join(FOLDER, 'speech-16000.wav')
  if (existsSync(path)) return path
  mkdirSync(FOLDER, { recursive: true })
  const media = process.env.SKYRILL_MEDIA ?? join(ROOT, '..', 'shared', 'media')
  const args = [join(media, 'audio', 'voice.wav'), '-r', String(RATE), '-b', '16', path]
  const done = spawnSync('sox', [...args, 'repeat', '130', 'trim', '0', String(SECONDS)])
  if (done.status !== 0) throw new Error(`sox: ${done.stderr}`)
  return path
}

const entry = (engine: string, version: string, userSeconds: number): SpeedCase => ({
  engine,
  version,
  userSeconds: Number(userSeconds.toFixed(3)),
  timesRealTime: Math.round(SECONDS / userSeconds),
})

/** ffmpeg's own account of its user time: reading the file and writing ADTS are in it, as they cannot be left out. */
const ffmpegUserSeconds = (wav: string): number => {
  const args = ['-benchmark', '-nostdin', '-v', 'info', '-y', '-i', wav, '-c:a', 'aac', '-b:a']
  const done = spawnSync('ffmpeg', [...args, String(BIT_RATE), join(FOLDER, 'speed.aac')], {
    encoding: 'utf8',
  })
  const found = /bench: utime=([\d.]+)s/.exec(done.stderr)
  if (!found) throw new Error(`ffmpeg -benchmark: ${done.stderr.slice(-300)}`)
  return Number(found[1])
}

const ffmpegVersion = (): string =>
  /version (\S+)/.exec(spawnSync('ffmpeg', ['-version'], { encoding: 'utf8' }).stdout)?.[1] ?? ''

const runtimeCase = (runtime: RuntimeName): SpeedCase => {
  const [command, ...args] = commandLine(
    runtime,
    join(ROOT, 'node_modules', '.bin'),
    fileURLToPath(import.meta.url),
  )
  const done = spawnSync(command!, [...args, speech()], { cwd: ROOT, encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`${runtime}: ${done.stderr}`)
  const { version, userSeconds } = JSON.parse(done.stdout.trim().split('\n').at(-1)!)
  return entry(`skyrill, ${runtime}`, version, userSeconds)
}

export const measureSpeed = (): SpeedCase[] => {
  const wav = speech()
  let ffmpeg = Infinity
  for (let n = 0; n < ROUNDS; n++) ffmpeg = Math.min(ffmpeg, ffmpegUserSeconds(wav))
  return [entry('ffmpeg -c:a aac', ffmpegVersion(), ffmpeg), ...RUNTIMES.map(runtimeCase)]
}

/** The child process: encodes the file and prints what it took. */
const child = async (wav: string): Promise<void> => {
  const { samples } = readWav(readFileSync(wav))
  let userSeconds = Infinity
  for (let n = 0; n < ROUNDS; n++) {
    const encoder = await AacEncoder.create({ sampleRate: RATE, bitRate: BIT_RATE })
    const { blockBytes } = encoder
    const before = process.cpuUsage()
    let bytes = 0
    for (let at = 0; at + blockBytes <= samples.length; at += blockBytes)
      bytes += encoder.encodeBlock(samples.subarray(at, at + blockBytes))
    userSeconds = Math.min(userSeconds, process.cpuUsage(before).user / 1e6)
    if (n === 0) writeFileSync(join(FOLDER, 'speed.bytes'), String(bytes))
  }
  console.log(JSON.stringify({ version: runtimeVersion(), userSeconds }))
}

if (isMain(import.meta.url)) await child(argv[2]!)
