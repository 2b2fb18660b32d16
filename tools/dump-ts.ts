import { readFileSync } from 'node:fs'
import { argv } from 'node:process'
import { h264NalName, h264NalType } from '../runtime/source/bitstream/h264-nal.ts'
import { h265NalName, h265NalType } from '../runtime/source/bitstream/h265-nal.ts'
import { splitNals } from '../runtime/source/bitstream/nal.ts'
import { isMain } from './cli/main-module.ts'
import { TsChecker } from './ts/checker.ts'
import type { Pes } from './ts/demuxer.ts'
import { PCR_HZ, type TsPacket } from './ts/packet.ts'
import { PTS_HZ } from './ts/pes.ts'
import type { Pmt } from './ts/psi.ts'

const seconds = (ticks: number, hz: number): string => (ticks / hz).toFixed(6)

const packetLine = (packet: TsPacket): string => {
  const { adaptation } = packet
  const parts = [
    String(packet.offset).padStart(8),
    `pid ${packet.pid}`,
    `cc ${packet.continuity}`,
    ...(packet.unitStart ? ['start'] : []),
    `payload ${packet.payload.length}`,
  ]
  if (adaptation) {
    parts.push(`af ${adaptation.length}`)
    if (adaptation.discontinuity) parts.push('discontinuity')
    if (adaptation.randomAccess) parts.push('random-access')
    if (adaptation.pcr !== undefined)
      parts.push(`pcr ${adaptation.pcr} (${seconds(adaptation.pcr, PCR_HZ)} s)`)
  }
  return parts.join('  ')
}

const pmtLines = (pmt: Pmt): string[] => [
  `          PMT  pcr-pid ${pmt.pcrPid}`,
  ...pmt.streams.map(({ pid, type, descriptors }) => {
    const texts = descriptors.map(({ tag, data }) => `${tag}:${Buffer.from(data).toString('hex')}`)
    return `          PMT  pid ${pid}  stream_type ${type}  ${texts.join(' ')}`.trimEnd()
  }),
]

const VIDEO_TYPES: Record<number, (nal: Uint8Array) => string> = {
  27: (nal) => h264NalName(h264NalType(nal[0]!)),
  36: (nal) => h265NalName(h265NalType(nal[0]!)),
}

const pesLine = ({ pid, streamType, header, data, packets, offset }: Pes): string => {
  const parts = [
    '          PES',
    `at ${offset}`,
    `pid ${pid}`,
    `stream_id ${header.streamId.toString(16)}`,
    `length ${header.length}`,
  ]
  if (header.pts !== undefined) parts.push(`pts ${header.pts} (${seconds(header.pts, PTS_HZ)} s)`)
  if (header.dts !== undefined) parts.push(`dts ${header.dts} (${seconds(header.dts, PTS_HZ)} s)`)
  parts.push(`${data.length} bytes in ${packets} packets`)
  const nameOf = VIDEO_TYPES[streamType]
  if (nameOf)
    parts.push(
      splitNals(data)
        .map(({ start, end }) => `${nameOf(data.subarray(start, end))}(${end - start})`)
        .join(' '),
    )
  return parts.join('  ')
}

/** Every packet, table and PES packet of a transport stream, one line each; a PES packet's line stands where it ends. */
export const dumpTs = (bytes: Uint8Array): string => {
  const lines: string[] = []
  const checker = new TsChecker({
    packet: (packet) => lines.push(packetLine(packet)),
    table: (kind, section) => {
      if (kind === 'pat') lines.push(`          PAT  version ${section.version}`)
    },
    pmt: (pmt) => lines.push(...pmtLines(pmt)),
    pes: (pes) => lines.push(pesLine(pes)),
  })
  checker.push(bytes)
  checker.finish()
  return `${lines.join('\n')}\n`
}

if (isMain(import.meta.url))
  for (const path of argv.slice(2)) process.stdout.write(dumpTs(readFileSync(path)))
