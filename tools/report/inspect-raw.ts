import {
  AccessUnitSplitter,
  readAccessUnits,
  type VideoCodec,
} from '../../runtime/source/annexb.ts'
import { h264NalName } from '../../runtime/source/bitstream/h264-nal.ts'
import { h265NalName } from '../../runtime/source/bitstream/h265-nal.ts'
import { splitNals } from '../../runtime/source/bitstream/nal.ts'
import { ES_RULES, type EsRuleId } from '../check/es-rules.ts'
import { FaultLog, type Rule } from '../check/fault-log.ts'
import { createPictureChecker } from '../check/picture.ts'
import { DEFAULT_FPS } from '../mux/video-source.ts'
import { bufferAdvice } from './buffer-advice.ts'
import { GopStats } from './gop-stats.ts'
import { bitRateOf, type InspectReport, videoReport } from './report.ts'

/** What a camera's encoder should also do, seen only in the raw stream. */
export const RAW_RULES = {
  ...ES_RULES,
  'raw.start-key': {
    severity: 'error',
    clause: 'iv_cs 5 note 1',
    text: 'the first picture is a key picture',
  },
  'raw.parameter-sets': {
    severity: 'warning',
    clause: 'iv_cs pushCsStream',
    text: 'key pictures bring their parameter sets',
  },
  'raw.gop-length': {
    severity: 'warning',
    clause: 'iv_cs slices',
    text: 'a key picture comes at least every 10 s: slices are cut there',
  },
} as const satisfies Record<string, Rule>
type RawRuleId = EsRuleId | keyof typeof RAW_RULES

const GOP_MAX_MS = 10_000

/** @param fps the rate that the pictures are taken to have; default is what the stream says, else 25 */
export const inspectRaw = async (
  file: string,
  codec: VideoCodec,
  chunks: Iterable<Uint8Array>,
  fps: number | undefined,
): Promise<InspectReport> => {
  const log = new FaultLog<RawRuleId>(RAW_RULES)
  const splitter = new AccessUnitSplitter(codec)
  const checker = createPictureChecker(codec, (id, offset, message) =>
    log.report(id, offset, message),
  )
  const stats = new GopStats()
  const nalCounts = new Map<number, number>()
  let slicesMax = 0
  let bytes = 0
  for await (const { data, offset } of readAccessUnits(chunks, splitter)) {
    const nals = splitNals(data).map(({ start, end }) => data.subarray(start, end))
    const info = checker.check(nals, offset)
    if (stats.pictures === 0)
      log.expect(info.key, 'raw.start-key', offset, 'the first picture is no key picture')
    if (info.key)
      log.expect(
        info.hasParameterSets,
        'raw.parameter-sets',
        offset,
        'key picture without its parameter sets',
      )
    for (const type of info.nalTypes) nalCounts.set(type, (nalCounts.get(type) ?? 0) + 1)
    slicesMax = Math.max(slicesMax, info.slices)
    stats.add(info.key, data.length, (stats.pictures * 1000) / (fps ?? splitter.fps ?? DEFAULT_FPS))
    bytes = offset + data.length
  }
  const rate = fps ?? splitter.fps ?? DEFAULT_FPS
  const durationMs = (stats.pictures * 1000) / rate
  stats.finish(durationMs)
  const long = stats.maxGopMs <= GOP_MAX_MS
  log.expect(
    long,
    'raw.gop-length',
    0,
    `the longest GOP lasts ${(stats.maxGopMs / 1000).toFixed(1)} s`,
  )
  const name = codec === 'h264' ? h264NalName : h265NalName
  return {
    file,
    type: codec,
    bytes,
    durationMs,
    bitRate: bitRateOf(bytes, durationMs),
    structure: {
      'NAL units': [...nalCounts].map(([type, count]) => `${count} ${name(type)}`).join(', '),
      'slices per picture at most': slicesMax,
      'frame rate from':
        fps !== undefined ? '--fps' : splitter.fps !== undefined ? 'the stream' : 'the default',
    },
    tracks: [videoReport(codec, stats, checker.format, 0, durationMs)],
    advice: bufferAdvice(stats),
    errors: log.count('error'),
    warnings: log.count('warning'),
    notes: log.count('note'),
    faults: log.faults,
    faultCounts: log.counts,
  }
}
