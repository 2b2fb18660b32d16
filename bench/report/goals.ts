import type { BenchCase } from '../harness.ts'

/** Figures that the muxers are to reach: on Bun, 1080p H.264, in place unless said otherwise. */
export type Goal = { text: string; goal: string; measured: string; reached: boolean }

const TIMES = (factor: number): string => `${factor.toFixed(1)}x`

export const muxGoals = (
  cases: readonly BenchCase[],
  heapGrowth: Record<string, number> = {},
): Goal[] => {
  const find = (name: string, engine: string, row = 'in-place') =>
    cases.find(
      (c) => c.runtime === 'bun' && c.name === name && c.engine === engine && c.row === row,
    )
  const goals: Goal[] = []
  const ratio = (text: string, name: string, peer: string, least: number) => {
    const own = find(name, 'skyrill-simd')
    const other = find(name, peer)
    if (!own || !other) return
    const factor = own.bytesPerSecond / other.bytesPerSecond
    const percent = peer === 'memcpy'
    goals.push({
      text,
      goal: percent ? `≥ ${least * 100} %` : `≥ ${least}x`,
      measured: percent ? `${(factor * 100).toFixed(0)} %` : TIMES(factor),
      reached: factor >= least,
    })
  }
  ratio('TS, against libavformat', 'ts h264 1080p', 'libavformat', 2.5)
  ratio('TS, against mediabunny', 'ts h264 1080p', 'mediabunny', 18)
  ratio('fMP4, against libavformat', 'fmp4 h264 1080p', 'libavformat', 8)
  ratio('fMP4, against mediabunny', 'fmp4 h264 1080p', 'mediabunny', 10)
  ratio('NAL scan, of memcpy', 'nal-scan h264 1080p', 'memcpy', 0.35)
  const small = find('ts h264 2KB-P', 'skyrill-simd', 'copied')
  if (small)
    goals.push({
      text: 'a 2 KB P frame copied and muxed to TS',
      goal: '≤ 500 ns',
      measured: `${small.nsPerFrame.toFixed(0)} ns`,
      reached: small.nsPerFrame <= 500,
    })
  const own = find('ts h264 1080p', 'skyrill-simd')
  const native = find('ts h264 1080p', 'libavformat')
  if (own && native)
    goals.push({
      text: 'TS overhead of the clip',
      goal: `≤ ${native.overheadBytes} bytes (libavformat)`,
      measured: `${own.overheadBytes} bytes`,
      reached: own.overheadBytes <= native.overheadBytes,
    })
  for (const [name, bytes] of Object.entries(heapGrowth))
    goals.push({
      text: `host heap growth per million frames, ${name}`,
      goal: '0 bytes',
      measured: `${bytes} bytes`,
      // the engine's own bookkeeping moves by some kilobytes either way between two collections
      reached: bytes <= HEAP_NOISE_BYTES,
    })
  return goals
}

const HEAP_NOISE_BYTES = 64 * 1024
