import type { GopStats } from './gop-stats.ts'
import type { BufferAdvice } from './report.ts'

/** u32MaxGopSize is a multiple of 4 KiB. Spec: iv_cs iv_cs_channel_params_s */
const STEP_BYTES = 4096
/** The document's own example has 60 KB of sound for 4 s. Spec: iv_cs 5 note 3 */
const AUDIO_BYTES_PER_MS = (60 * 1024) / 4000
/** Headers and stuffing of transport packets and PES, by a margin more than fMP4's boxes. */
const CONTAINER_FACTOR = 1.05
/** Spec: iv_cs iv_cs_congestion_ctrl_s */
const MARKS = { low: 0.1, warn: 0.4, high: 0.8 }
/** With little memory 80 % will do, but never less than an I frame. Spec: iv_cs 5 note 4 */
const TIGHT = 0.8

const roundUp = (bytes: number): number => Math.ceil(bytes / STEP_BYTES) * STEP_BYTES

/** A ring that holds the largest GOP with its sound. Spec: iv_cs 5 note 3. */
export const bufferAdvice = (stats: GopStats): BufferAdvice => {
  const gop = stats.maxGopBytes * CONTAINER_FACTOR + stats.maxGopMs * AUDIO_BYTES_PER_MS
  const size = Math.max(STEP_BYTES, roundUp(gop))
  return {
    u32MaxGopSize: size,
    lowMark: Math.round(size * MARKS.low),
    warnMark: Math.round(size * MARKS.warn),
    highMark: Math.round(size * MARKS.high),
    minimum: Math.max(roundUp(size * TIGHT), roundUp(stats.maxKeyBytes * CONTAINER_FACTOR)),
  }
}
