import { formatFaults } from '../check/fault-log.ts'
import type { InspectReport, TrackReport } from './report.ts'

const seconds = (ms: number): string => `${(ms / 1000).toFixed(3)} s`
const kbit = (bitRate: number): string => `${(bitRate / 1000).toFixed(1)} kbit/s`
const round = (value: number): string => String(Number(value.toFixed(3)))

const TYPE_NAMES = { ts: 'MPEG-TS', fmp4: 'fragmented MP4', h264: 'raw H.264', h265: 'raw H.265' }

const trackLines = (track: TrackReport): string[] => {
  const name = [track.id, track.kind, track.codec].filter((part) => part !== undefined).join(' ')
  const facts: string[] = []
  if (track.codecs) facts.push(track.codecs)
  if (track.width !== undefined) facts.push(`${track.width}x${track.height}`)
  if (track.profile) facts.push(`${track.profile} level ${track.level}`)
  if (track.fps !== undefined) facts.push(`${round(track.fps)} fps`)
  if (track.sampleRate) facts.push(`${track.sampleRate} Hz`, `${track.channels} channels`)
  const lines = [
    `  ${name}: ${facts.join(', ')}`,
    `    ${track.frames} frames, ${track.bytes} bytes, ${kbit(track.bitRate)}, from ${seconds(track.startMs)}, ${seconds(track.durationMs)} long`,
  ]
  const { gops } = track
  if (gops)
    lines.push(
      `    ${gops.count} GOPs of ${gops.minPictures} to ${gops.maxPictures} pictures, at most ${seconds(gops.maxMs)} and ${gops.maxBytes} bytes; largest key picture ${gops.maxKeyPictureBytes} bytes`,
    )
  return lines
}

/** The report as people read it. */
export const reportText = (report: InspectReport): string => {
  const lines = [
    `${report.file}: ${TYPE_NAMES[report.type]}, ${report.bytes} bytes, ${seconds(report.durationMs)}, ${kbit(report.bitRate)}`,
  ]
  const { overheadBytes, advice } = report
  if (overheadBytes !== undefined)
    lines.push(
      `  container: ${overheadBytes} bytes, ${((overheadBytes * 100) / Math.max(1, report.bytes)).toFixed(2)} %`,
    )
  for (const [name, value] of Object.entries(report.structure)) lines.push(`  ${name}: ${value}`)
  for (const track of report.tracks) lines.push(...trackLines(track))
  if (advice)
    lines.push(
      `  suggested u32MaxGopSize: ${advice.u32MaxGopSize} (${advice.u32MaxGopSize / 4096} x 4 KiB; with little memory at least ${advice.minimum})`,
      `  suggested marks: low ${advice.lowMark}, warn ${advice.warnMark}, high ${advice.highMark}`,
    )
  lines.push(
    `  faults: ${report.errors} errors, ${report.warnings} warnings, ${report.notes} notes`,
  )
  for (const line of formatFaults(report.faults, report.faultCounts)) lines.push(`    ${line}`)
  return lines.join('\n')
}
