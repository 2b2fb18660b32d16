/**
 * Hours of generated sound through the encoder and ffmpeg's decoder, every rate, channel count and input in turn:
 * `bun tests/assembly/aac/soak.ts --hours 2` (hours of sound; default 1). Ends with 1 at the first complaint.
 */
import { spawnSync } from 'node:child_process'
import { argv, exit } from 'node:process'
import { AacEncoder } from '../../../core-wasm/aac-encoder.ts'
import { random } from '../../support/random.ts'
import { toolPath } from '../../support/tools.ts'
import { bytes, pcm, RATES, signals } from './signals.ts'
import { parseRawDataBlock } from './syntax.ts'

const PIECE_SECONDS = 20
const HEADER_BYTES = 7
const BUFFER_BITS = 6144

const at = argv.indexOf('--hours')
const hours = at < 0 ? 1 : Number(argv[at + 1])
const next = random(1)

/** Checks the syntax and size of every frame. */
const check = (adts: Uint8Array, rate: number, channels: number): void => {
  for (let from = 0; from < adts.length; ) {
    const length = ((adts[from + 3]! & 3) << 11) | (adts[from + 4]! << 3) | (adts[from + 5]! >> 5)
    const payload = adts.subarray(from + HEADER_BYTES, from + length)
    if (payload.length * 8 > BUFFER_BITS * channels) throw new Error(`${payload.length} bytes`)
    parseRawDataBlock(payload, rate)
    from += length
  }
}

const soak = async (
  what: string,
  rate: number,
  channels: 1 | 2,
  bitRate: number,
): Promise<void> => {
  const samples = rate * PIECE_SECONDS
  const signal = signals[what as keyof typeof signals]
  const input = what === 'A-law' ? 'g711a' : what === 'mu-law' ? 'g711u' : 'pcm'
  const data = signal
    ? pcm(signal, rate, channels, samples)
    : bytes(samples * channels * (input === 'pcm' ? 2 : 1), Math.floor(next() * 2 ** 31))
  const encoder = await AacEncoder.create({ sampleRate: rate, channels, input, bitRate })
  const adts = Buffer.concat([encoder.write(data), encoder.end()])
  check(adts, rate, channels)
  const args = ['-v', 'warning', '-xerror', '-err_detect', 'explode', '-f', 'aac', '-i', '-']
  const done = spawnSync(toolPath('ffmpeg'), [...args, '-f', 'null', '-'], { input: adts })
  const said = String(done.stderr).replace(/.*Estimating duration from bitrate.*\n?/, '')
  if (done.status !== 0 || said !== '') throw new Error(`ffmpeg: ${said}`)
}

const inputs = [...Object.keys(signals), 'A-law', 'mu-law', 'random PCM']
let seconds = 0
while (seconds < hours * 3600)
  for (const rate of RATES)
    for (const channels of [1, 2] as const)
      for (const what of inputs) {
        const bitRate = next() < 0.5 ? 0 : Math.floor(4000 * 2 ** (7 * next()))
        const name = `${what}, ${rate} Hz, ${channels} ch, ${bitRate} bit/s`
        try {
          await soak(what, rate, channels, bitRate)
        } catch (error) {
          console.error(`${name}: ${error instanceof Error ? error.message : error}`)
          exit(1)
        }
        seconds += PIECE_SECONDS
        if (seconds % 600 === 0) console.log(`${seconds / 60} minutes of sound`)
        if (seconds >= hours * 3600) exit(0)
      }
