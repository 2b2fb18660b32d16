import type { FaultLog } from '../check/fault-log.ts'
import { parseAvcC } from './avcc.ts'
import { type Box, bodyOffset } from './box.ts'
import { Cursor } from './cursor.ts'
import { parseEsds } from './esds.ts'
import { parseHvcC } from './hvcc.ts'
import type { Mp4RuleId } from './rules.ts'

export type SampleEntry = {
  type: string
  width: number
  height: number
  sampleRate: number
  channels: number
  parameterSets: Uint8Array[]
  configOffset: number
}

/** avc1, hvc1, hev1 or mp4a with its configuration. Spec: 14496-12 12.1.3, 12.2.3. */
export const parseSampleEntry = (
  box: Box,
  log: FaultLog<Mp4RuleId>,
  children: (bytes: Uint8Array, offset: number) => Box[],
): SampleEntry => {
  const c = new Cursor(box.body)
  const entry: SampleEntry = {
    type: box.type,
    width: 0,
    height: 0,
    sampleRate: 0,
    channels: 0,
    parameterSets: [],
    configOffset: box.offset,
  }
  c.skip(8) // reserved, data_reference_index
  if (box.type === 'mp4a') {
    c.skip(8)
    entry.channels = c.u16()
    c.skip(6)
    entry.sampleRate = c.u32() / 65536
  } else {
    c.skip(16)
    entry.width = c.u16()
    entry.height = c.u16()
    c.skip(50)
  }
  const boxes = children(box.body.subarray(c.at), bodyOffset(box) + c.at)
  const wanted = box.type === 'mp4a' ? 'esds' : box.type === 'avc1' ? 'avcC' : 'hvcC'
  const config = boxes.find((child) => child.type === wanted)
  if (
    !log.expect(
      config !== undefined,
      'box.required',
      box.offset,
      `${box.type} without ${wanted}`,
    ) ||
    !config
  )
    return entry
  entry.configOffset = config.offset
  if (wanted === 'avcC') entry.parameterSets = parseAvcC(config, log)
  else if (wanted === 'hvcC') entry.parameterSets = parseHvcC(config, log, box.type)
  else parseEsds(config, log, entry.sampleRate, entry.channels)
  return entry
}
