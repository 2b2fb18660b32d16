import type { AacResult } from '../aac.bench.ts'
import type { Judgement } from '../aac-quality.ts'

const row = (...cells: (string | number)[]): string => `| ${cells.join(' | ')} |`
const judged = ({ nmrDb, audiblePercent }: Judgement): string =>
  `${nmrDb.toFixed(2)} dB, ${audiblePercent.toFixed(1)} %`
const percent = (value: number): string => `${(100 * value).toFixed(1)} %`

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** Both tables, with the machine and the date. */
export const aacMarkdown = ({ quality, speed, machine }: AacResult): string => {
  const lines: string[] = []
  if (quality.length > 0) {
    const total = (of: 'ours' | 'ffmpeg' | 'ffmpegSameBytes'): string =>
      percent(
        quality.reduce((sum, q) => sum + q[of].bytes, 0) /
          quality.reduce((sum, q) => sum + q.nominalBytes, 0),
      )
    const average = (of: 'ours' | 'ffmpeg' | 'ffmpegSameBytes'): string =>
      `**${mean(quality.map((q) => q[of].nmrDb)).toFixed(2)} dB**, ${mean(quality.map((q) => q[of].audiblePercent)).toFixed(1)} %`
    lines.push(
      row('clip', 'rate', 'skyrill', 'bytes', 'ffmpeg', 'bytes', 'ffmpeg, same bytes', 'bytes'),
      row('---', '---', '---', '--:', '---', '--:', '---', '--:'),
      ...quality.map((q) =>
        row(
          ...[q.clip, `${q.rate / 1000} kHz, ${q.kbps} kbit/s`],
          ...[judged(q.ours), percent(q.ours.bytes / q.nominalBytes)],
          ...[judged(q.ffmpeg), percent(q.ffmpeg.bytes / q.nominalBytes)],
          ...[judged(q.ffmpegSameBytes), percent(q.ffmpegSameBytes.bytes / q.nominalBytes)],
        ),
      ),
      row(
        ...['mean', '', average('ours'), total('ours'), average('ffmpeg'), total('ffmpeg')],
        ...[average('ffmpegSameBytes'), total('ffmpegSameBytes')],
      ),
      '',
    )
  }
  const base = speed[0]
  if (base)
    lines.push(
      row('engine', 'version', 'user time', 'times real time', 'against ffmpeg'),
      row('---', '---', '--:', '--:', '--:'),
      ...speed.map((s) =>
        row(
          ...[s.engine, s.version, `${s.userSeconds.toFixed(2)} s`, s.timesRealTime],
          `${(base.userSeconds / s.userSeconds).toFixed(2)}x`,
        ),
      ),
      '',
    )
  return `${lines.join('\n')}\n${machine.cpu}, ${machine.cores} cores, ${machine.os}, ${machine.date}.\n`
}
