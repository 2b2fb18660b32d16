import type { ChannelStats } from '../../runtime/index.ts'

/** Where nobody watches a line being rewritten, one is written this often. */
const PLAIN_INTERVAL_S = 10
const KIB = 1024

/** The figures of a camera on one line, measured from one call to the next. */
export class StatusFigures {
  #frames = 0
  #bytes = 0
  #atMs = 0

  text(stats: ChannelStats | undefined, note: string, nowMs: number): string {
    if (!stats) return note || 'starting'
    const seconds = (nowMs - this.#atMs) / 1000
    const first = this.#atMs === 0
    const rate = first ? 0 : (stats.videoFrames - this.#frames) / seconds
    const kbps = first ? 0 : ((stats.muxedBytes - this.#bytes) * 8) / 1000 / seconds
    this.#frames = stats.videoFrames
    this.#bytes = stats.muxedBytes
    this.#atMs = nowMs
    const share = Math.round((100 * stats.bufferedBytes) / stats.capacityBytes)
    const failed = stats.slicesFailed > 0 ? `, ${stats.slicesFailed} failed` : ''
    return [
      `${rate.toFixed(1)} frames/s`,
      `${Math.round(kbps)} kbit/s`,
      `buffered ${Math.round(stats.bufferedBytes / KIB)} KiB (${share} %)`,
      `acknowledged ${Math.round(stats.ackMedianMs)} ms behind`,
      `slices ${stats.slicesOk}${failed}`,
      note || stats.state,
    ].join(' · ')
  }
}

/** Writes the line: rewritten in place on a terminal, now and then elsewhere. */
export class StatusLine {
  readonly #out: NodeJS.WriteStream
  #turn = 0
  #shown = false

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out
  }

  /** Called once a second. */
  show(text: string): void {
    if (!this.#out.isTTY) {
      if (this.#turn++ % PLAIN_INTERVAL_S === 0) this.#out.write(`${text}\n`)
      return
    }
    const columns = this.#out.columns ?? 80
    const line = text.length < columns ? text : `${text.slice(0, Math.max(0, columns - 2))}…`
    this.#out.write(`\r\x1b[2K${line}`)
    this.#shown = true
  }

  /** Clears the line, so that something else can be written. */
  clear(): void {
    if (this.#shown) this.#out.write('\r\x1b[2K')
    this.#shown = false
  }
}
