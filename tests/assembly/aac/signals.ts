import { random } from '../../support/random.ts'

/** Sample n of a test signal at a rate, -1 to 1. */
export type Signal = (n: number, rate: number) => number

const noise = (seed: number): Signal => {
  const next = random(seed)
  return () => 2 * next() - 1
}

/** Generated input: what a microphone gives, and what it never should. */
export const signals = {
  silence: () => 0,
  'full-scale square': (n, rate) => (Math.floor((n * 2 * 440) / rate) % 2 ? 1 : -1),
  'alternating full scale': (n) => (n % 2 ? 1 : -1),
  'full-scale noise': noise(1),
  'faint noise': (n, rate) => noiseFaint(n, rate) / 16384,
  sweep: (n, rate) => {
    const t = (n % (4 * rate)) / rate
    return 0.9 * Math.sin(2 * Math.PI * (20 * t + ((rate / 2 - 20) / 8) * t * t))
  },
  clicks: (n, rate) => (n % Math.floor(rate / 3) === 0 ? 1 : 0),
  DC: () => 0.99,
  'tone bursts': (n, rate) =>
    n % Math.floor(rate / 2) < rate / 8 ? 0.8 * Math.sin((2 * Math.PI * 1000 * n) / rate) : 0,
  swells: (n, rate) => noiseFaint(n, rate) * Math.exp(-(((((n / rate) % 0.3) - 0.15) / 0.03) ** 2)),
  'low level tone': (n, rate) => (2 / 32768) * Math.sin((2 * Math.PI * 300 * n) / rate),
} satisfies Record<string, Signal>

const noiseFaint = noise(2)

/** Signal as interleaved 16-bit PCM; the second channel lags the first. */
export const pcm = (
  signal: Signal,
  rate: number,
  channels: number,
  samples: number,
): Uint8Array => {
  const out = new Int16Array(samples * channels)
  for (let n = 0; n < samples; n++)
    for (let c = 0; c < channels; c++) {
      const value = Math.round(32767 * signal(n + 31 * c, rate))
      out[n * channels + c] = Math.max(-32768, Math.min(32767, value))
    }
  return new Uint8Array(out.buffer)
}

/** Bytes that are no signal at all. */
export const bytes = (length: number, seed: number): Uint8Array => {
  const next = random(seed)
  return Uint8Array.from({ length }, () => Math.floor(256 * next()))
}

export const RATES = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 96000]
