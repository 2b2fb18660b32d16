import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AacEncoder } from '../core-wasm/aac-encoder.ts'
import { process } from './runtime.ts'
import { readWav } from './wav.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SHARED = join(process.env.SKYRILL_MEDIA ?? join(ROOT, '..', 'shared', 'media'), '..')
const TOOL = join(SHARED, 'tools', 'aac-quality.py')
const FOLDER = join(ROOT, 'build', 'aac-bench')

const CLIPS = ['gc', 'voice', 'synth']
const CASES = [
  [8000, 16],
  [8000, 24],
  [16000, 24],
  [16000, 32],
  [16000, 48],
  [48000, 32],
  [48000, 48],
  [48000, 64],
] as const

/** How audible the coding noise of one file is, as aac-quality.py prints it. */
export type Judgement = { bytes: number; nmrDb: number; audiblePercent: number; segSnrDb: number }
export type QualityCase = {
  clip: string
  rate: number
  kbps: number
  /** bytes of rate x duration */
  nominalBytes: number
  ours: Judgement
  /** ffmpeg's encoder told the same rate */
  ffmpeg: Judgement
  /** ffmpeg's encoder told a rate that gives the bytes of ours, to about 1 % */
  ffmpegSameBytes: Judgement
}

const call = (command: string, args: readonly string[]): string => {
  const done = spawnSync(command, [...args], { encoding: 'utf8', timeout: 120_000 })
  if (done.status !== 0)
    throw new Error(`${command} ${args.join(' ')}: ${done.stderr ?? done.error}`)
  return done.stdout
}

/** A Python that has numpy and scipy: the first on PATH may be someone's own without them. */
const python = (): string => {
  for (const command of ['python3', '/usr/bin/python3'])
    if (spawnSync(command, ['-c', 'import numpy, scipy']).status === 0) return command
  throw new Error('no python3 with numpy and scipy (apt-get install python3-numpy python3-scipy)')
}

export const qualityMissing = (): string | undefined => {
  if (!existsSync(TOOL)) return `${TOOL} is not there`
  for (const clip of CLIPS)
    if (!existsSync(join(SHARED, 'media', 'audio', `${clip}.wav`)))
      return `${clip}.wav is not there`
  return undefined
}

const LINE = /segSNR (\S+) dB {2}NMR (\S+) dB {2}audible (\S+) %/

const judge = (command: string, reference: string, paths: readonly string[]): Judgement[] =>
  call(command, [TOOL, reference, ...paths])
    .trim()
    .split('\n')
    .map((line, i) => {
      const found = LINE.exec(line)
      if (!found) throw new Error(`aac-quality.py: ${line}`)
      return {
        bytes: statSync(paths[i]!).size,
        segSnrDb: Number(found[1]),
        nmrDb: Number(found[2]),
        audiblePercent: Number(found[3]),
      }
    })

const encodeFfmpeg = (wav: string, bitRate: number, out: string): number => {
  call('ffmpeg', ['-v', 'error', '-y', '-i', wav, '-c:a', 'aac', '-b:a', String(bitRate), out])
  return statSync(out).size
}

/** Encodes with ffmpeg at the bit rate that gives the size nearest to `bytes`: its surplus is nearly proportional. */
const encodeFfmpegTo = (wav: string, start: number, bytes: number, out: string): void => {
  let bitRate = start
  let best = { bitRate, distance: Infinity }
  for (let n = 0; n < 8 && best.distance > 0.005; n++) {
    const ratio = encodeFfmpeg(wav, Math.round(bitRate), out) / bytes
    if (Math.abs(ratio - 1) < best.distance) best = { bitRate, distance: Math.abs(ratio - 1) }
    bitRate /= 1 + 0.7 * (ratio - 1) // damped: its rate control is not smooth
  }
  encodeFfmpeg(wav, Math.round(best.bitRate), out)
}

const measureCase = async (
  command: string,
  clip: string,
  rate: number,
  kbps: number,
): Promise<QualityCase> => {
  const path = (name: string): string => join(FOLDER, `${clip}-${rate}-${kbps}-${name}`)
  const wav = join(FOLDER, `${clip}-${rate}.wav`)
  if (!existsSync(wav))
    call('sox', [
      join(SHARED, 'media', 'audio', `${clip}.wav`),
      '-r',
      String(rate),
      '-b',
      '16',
      wav,
    ])
  const { samples } = readWav(readFileSync(wav))
  const encoder = await AacEncoder.create({ sampleRate: rate, bitRate: kbps * 1000 })
  writeFileSync(path('ours.aac'), Buffer.concat([encoder.write(samples), encoder.end()]))
  encodeFfmpeg(wav, kbps * 1000, path('ffmpeg.aac'))
  const bytes = statSync(path('ours.aac')).size
  encodeFfmpegTo(wav, kbps * 1000, bytes, path('same.aac'))
  const [ours, ffmpeg, ffmpegSameBytes] = judge(command, wav, [
    path('ours.aac'),
    path('ffmpeg.aac'),
    path('same.aac'),
  ])
  return {
    ...{ clip, rate, kbps, nominalBytes: (kbps * 125 * (samples.length / 2)) / rate },
    ...{ ours: ours!, ffmpeg: ffmpeg!, ffmpegSameBytes: ffmpegSameBytes! },
  }
}

/** The 24 cases. */
export const measureQuality = async (): Promise<QualityCase[]> => {
  mkdirSync(FOLDER, { recursive: true })
  const command = python()
  const cases: QualityCase[] = []
  for (const clip of CLIPS)
    for (const [rate, kbps] of CASES) cases.push(await measureCase(command, clip, rate, kbps))
  return cases
}
