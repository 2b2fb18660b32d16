import { readFileSync } from 'node:fs'
import { argv } from 'node:process'
import { AccessUnitSplitter, readAccessUnits, type VideoCodec } from '../runtime/source/annexb.ts'
import {
  H264_NAL,
  h264NalName,
  h264NalType,
  isH264Slice,
} from '../runtime/source/bitstream/h264-nal.ts'
import {
  type H264Pps,
  parseH264Pps,
  parseH264SliceHeader,
} from '../runtime/source/bitstream/h264-slice.ts'
import { type H264Sps, parseH264Sps } from '../runtime/source/bitstream/h264-sps.ts'
import {
  H265_NAL,
  h265NalName,
  h265NalType,
  isH265Slice,
} from '../runtime/source/bitstream/h265-nal.ts'
import {
  type H265Pps,
  parseH265Pps,
  parseH265SliceHeader,
} from '../runtime/source/bitstream/h265-slice.ts'
import { type H265Sps, parseH265Sps } from '../runtime/source/bitstream/h265-sps.ts'
import { splitNals } from '../runtime/source/bitstream/nal.ts'
import { isMain } from './cli/main-module.ts'
import { detectFileType } from './report/file-type.ts'

/** What a NAL unit says, beyond its type. */
type Describe = (nal: Uint8Array) => string

const SLICE_TYPES_264 = ['P', 'B', 'I', 'SP', 'SI']
const SLICE_TYPES_265 = ['B', 'P', 'I']

const describeH264 = (): Describe => {
  const spsById = new Map<number, H264Sps>()
  const ppsById = new Map<number, H264Pps>()
  return (nal) => {
    const type = h264NalType(nal[0]!)
    const name = h264NalName(type)
    if (type === H264_NAL.SPS) {
      const sps = parseH264Sps(nal)
      if (!sps) return `${name}  cannot be parsed`
      spsById.set(sps.id, sps)
      const fps = sps.fps === undefined ? '' : `  ${sps.fps} fps`
      return `${name} ${sps.id}  profile ${sps.profileIdc}  level ${sps.levelIdc}  ${sps.width}x${sps.height}${fps}`
    }
    if (type === H264_NAL.PPS) {
      const pps = parseH264Pps(nal)
      if (!pps) return `${name}  cannot be parsed`
      ppsById.set(pps.id, pps)
      return `${name} ${pps.id}  sps ${pps.spsId}`
    }
    if (!isH264Slice(type)) return name
    const slice = parseH264SliceHeader(nal, ppsById, spsById)
    if (!slice) return `${name}  cannot be parsed`
    const number = slice.frameNum === undefined ? '' : `  frame_num ${slice.frameNum}`
    return `${name}  ${SLICE_TYPES_264[slice.sliceType]}  first_mb ${slice.firstMb}  pps ${slice.ppsId}${number}`
  }
}

const describeH265 = (): Describe => {
  const spsById = new Map<number, H265Sps>()
  const ppsById = new Map<number, H265Pps>()
  return (nal) => {
    const type = h265NalType(nal[0]!)
    const name = h265NalName(type)
    if (type === H265_NAL.SPS) {
      const sps = parseH265Sps(nal)
      if (!sps) return `${name}  cannot be parsed`
      spsById.set(sps.id, sps)
      const fps = sps.fps === undefined ? '' : `  ${sps.fps} fps`
      return `${name} ${sps.id}  profile ${sps.profile.idc}  level ${sps.profile.levelIdc}  ${sps.width}x${sps.height}${fps}`
    }
    if (type === H265_NAL.PPS) {
      const pps = parseH265Pps(nal)
      if (!pps) return `${name}  cannot be parsed`
      ppsById.set(pps.id, pps)
      return `${name} ${pps.id}  sps ${pps.spsId}`
    }
    if (!isH265Slice(type)) return name
    const slice = parseH265SliceHeader(nal, ppsById, spsById)
    if (!slice) return `${name}  cannot be parsed`
    const kind = slice.dependent ? 'dependent' : (SLICE_TYPES_265[slice.sliceType ?? -1] ?? '?')
    return `${name}  ${kind}${slice.firstSliceInPic ? '  first' : ''}  pps ${slice.ppsId}`
  }
}

/** Every access unit and NAL unit of a raw stream, one line each. */
export const dumpNal = async (bytes: Uint8Array, codec: VideoCodec): Promise<string> => {
  const describe = codec === 'h264' ? describeH264() : describeH265()
  const lines: string[] = []
  let index = 0
  for await (const { data, offset, key } of readAccessUnits(
    [bytes],
    new AccessUnitSplitter(codec),
  )) {
    lines.push(`access unit ${index++}  at ${offset}  ${data.length} bytes${key ? '  key' : ''}`)
    for (const { start, end, prefix } of splitNals(data))
      lines.push(
        `  at ${offset + start}  ${end - start} bytes  start code ${prefix}  ${describe(data.subarray(start, end))}`,
      )
  }
  return `${lines.join('\n')}\n`
}

if (isMain(import.meta.url))
  for (const path of argv.slice(2)) {
    const bytes = readFileSync(path)
    const type = detectFileType(bytes)
    if (type === 'h264' || type === 'h265') process.stdout.write(await dumpNal(bytes, type))
    else {
      console.error(`${path}: no raw H.264 or H.265`)
      process.exitCode = 1
    }
  }
