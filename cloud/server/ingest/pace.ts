/** An append of this many bytes is worth an object of its own, however fast it came. */
const LARGE_BYTES = 256 * 1024

/**
 * How long the answer to an append waits. A store that makes an object of every append has them come at most once in its
 * interval: a device that has its answer late has more to send the next time, whatever its own settings are. The bytes are
 * in the store before the wait, and nobody who plays them waits. A large append, and the last one of a slice, is answered
 * at once.
 */
export const answerDelayMs = (
  intervalMs: number,
  append: { bytes: number; tookMs: number; isLast: boolean },
): number => {
  if (append.isLast || append.bytes >= LARGE_BYTES) return 0
  return Math.max(0, intervalMs - append.tookMs)
}
