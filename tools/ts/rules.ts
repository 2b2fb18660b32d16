import { AAC_RULES, ES_RULES } from '../check/es-rules.ts'
import type { Rule } from '../check/fault-log.ts'

/** Table repetition and PCR distances. Spec: ETSI TR 101 290 5.2.1 (1.3.a, 1.5.a), 13818-1 2.7.2 */
export const TABLE_INTERVAL_MAX_MS = 500
export const PCR_INTERVAL_MAX_MS = 100
/** DVB's tighter figure, as a goal. Spec: ETSI TR 101 154 4.1.5.3 */
export const PCR_INTERVAL_GOAL_MS = 40
/** Time stamps are at most 0.7 s apart. Spec: 13818-1 2.7.4 */
export const PTS_INTERVAL_MAX_MS = 700
/** Data stays in a decoder's buffer at most 1 s, with H.264 and H.265 10 s. Spec: 13818-1 2.4.2.6, 2.14.3.1, 2.17.2 */
export const LEAD_USUAL_MS = 1_000
export const LEAD_MAX_MS = 10_000

const error = (clause: string, text: string): Rule => ({ severity: 'error', clause, text })
const warning = (clause: string, text: string): Rule => ({ severity: 'warning', clause, text })
const note = (clause: string, text: string): Rule => ({ severity: 'note', clause, text })

const PACKET_RULES = {
  'ts.length': error('13818-1 2.4.3.2', 'the file is a whole number of packets'),
  'ts.sync': error('13818-1 2.4.3.3', 'every packet begins with 0x47'),
  'ts.transport-error': error('13818-1 2.4.3.3', 'transport_error_indicator is 0'),
  'ts.control': error('13818-1 2.4.3.3', 'adaptation_field_control is not the reserved 00'),
  'ts.scrambling': error('13818-1 2.4.3.3', 'nothing is scrambled'),
  'ts.pid': error('13818-1 2.4.3.3', 'every PID is PAT, null, or named by PAT or PMT'),
  'ts.continuity': error('13818-1 2.4.3.3', 'continuity_counter counts the packets with payload'),
  'ts.af-length': error(
    '13818-1 2.4.3.5',
    'adaptation_field_length is 183, or at most 182 before payload',
  ),
  'ts.af-fields': error('13818-1 2.4.3.5', 'the fields announced fit into the adaptation field'),
  'ts.af-stuffing': error('13818-1 2.4.3.5', 'stuffing bytes are 0xFF'),
} satisfies Record<string, Rule>

const PSI_RULES = {
  'psi.pointer': error('13818-1 2.4.4.1', 'pointer_field points into the packet'),
  'psi.length': error('13818-1 2.4.4.5', 'section_length is 9 to 1021 and the section is complete'),
  'psi.syntax': error('13818-1 2.4.4.3', 'section_syntax_indicator 1, then 0, then reserved ones'),
  'psi.table-id': error('13818-1 Table 2-31', 'table_id is 0x00 in PAT, 0x02 in PMT'),
  'psi.stuffing': error('13818-1 2.4.4', 'bytes behind the last section are 0xFF'),
  'psi.crc': error('13818-1 2.4.4.5', 'CRC_32 is right'),
  'psi.current': error('13818-1 2.4.4.5', 'current_next_indicator is 1, one section of one'),
  'psi.version': error('13818-1 2.4.4.5', 'a table that changes has a new version_number'),
  'psi.interval': error('TR 101 290 5.2.1', 'PAT and PMT come at least every 500 ms'),
  'psi.before-key': error(
    'iv_cs slices',
    'PAT and PMT stand before every picture that starts a GOP',
  ),
  'pat.present': error('13818-1 2.4.4.3', 'there is a PAT with a program, before all else'),
  'pat.entries': error('13818-1 2.4.4.3', 'entries are whole, reserved bits are ones'),
  'pmt.present': error('13818-1 2.4.4.8', 'there is a PMT, before its streams'),
  'pmt.loops': error(
    '13818-1 2.4.4.8',
    'descriptor and stream loops add up, reserved bits are ones',
  ),
  'pmt.pcr-pid': error('13818-1 2.4.4.9', 'PCR_PID is one of the streams'),
  'pmt.stream-type': warning('13818-1 Table 2-34', 'stream types are ones that players know'),
  'pmt.registration': warning('13818-1 2.6.8', 'a registration descriptor of H.265 says HEVC'),
} satisfies Record<string, Rule>

const PCR_RULES = {
  'pcr.present': error('13818-1 2.7.2', 'the program has a clock'),
  'pcr.first': error('13818-1 2.7.2', 'the clock is there before the first picture or sound'),
  'pcr.pid': error('13818-1 2.4.2.2', 'PCRs are on PCR_PID'),
  'pcr.reserved': error('13818-1 2.4.3.4', 'reserved bits in a PCR are ones'),
  'pcr.extension': error('13818-1 2.4.2.2', 'the extension is less than 300'),
  'pcr.monotone': error(
    '13818-1 2.4.2.2',
    'PCRs increase (modulo 2^33) unless a discontinuity is signalled',
  ),
  'pcr.interval': error('13818-1 2.7.2', 'PCRs are at most 100 ms apart'),
  'pcr.goal': note('TR 101 154 4.1.5.3', 'PCRs are at most 40 ms apart'),
  'pcr.late': error(
    '13818-1 2.4.2.6',
    'data is there before its decoding time: DTS is not before the PCR',
  ),
  'pcr.lead': error('13818-1 2.14.3.1', 'data waits at most 10 s for its decoding time'),
  'pcr.long-lead': warning('13818-1 2.4.2.6', 'data waits at most 1 s for its decoding time'),
} satisfies Record<string, Rule>

const PES_RULES = {
  'pes.unit-start': error('13818-1 2.4.3.3', 'the first packet of a stream starts a PES packet'),
  'pes.start-code': error('13818-1 2.4.3.7', 'a PES packet begins with 00 00 01'),
  'pes.stream-id': error('13818-1 Table 2-22', 'stream_id is 0xE0-EF for video, 0xC0-DF for audio'),
  'pes.length': error('13818-1 2.4.3.7', 'PES_packet_length is right; 0 in video only'),
  'pes.flags': error('13818-1 2.4.3.6', "the flags begin with '10' and say unscrambled"),
  'pes.header-length': error('13818-1 2.4.3.7', 'the optional fields fit PES_header_data_length'),
  'pes.stuffing': error('13818-1 2.4.3.7', 'stuffing bytes are 0xFF'),
  'pes.time-flags': error('13818-1 2.4.3.7', "PTS_DTS_flags is not the forbidden '01'"),
  'pes.time-markers': error('13818-1 2.4.3.6', 'prefixes and marker bits of PTS and DTS'),
  'pes.pts': error('13818-1 2.7.5', 'every PES packet has a PTS'),
  'pes.dts': error('13818-1 2.4.3.7', 'DTS is not after PTS'),
  'pes.order': error('13818-1 2.4.3.7', 'times increase within a stream'),
  'pes.interval': warning('13818-1 2.7.4', 'PTS are at most 0.7 s apart'),
} satisfies Record<string, Rule>

const UNIT_RULES = {
  'unit.start': error(
    '13818-1 2.14.1',
    'the payload of a video PES packet begins with a start code',
  ),
  'unit.aud': error('13818-1 2.14.1, 2.17.1', 'every access unit has one delimiter, in front'),
  'unit.aud-bytes': error(
    'H.264 7.3.2.4, H.265 7.3.2.5',
    'a delimiter is its header, the type and the stop bit',
  ),
  'unit.aud-type': error(
    'H.264 Table 7-5, H.265 Table 7-2',
    'the slices are of the kinds that the delimiter says',
  ),
  'unit.random-access': error(
    '13818-1 2.4.3.5',
    'random_access_indicator is set on key pictures and only there',
  ),
  'unit.parameter-sets': error('iv_cs pushCsStream', 'key pictures bring their parameter sets'),
  'unit.start-key': error('iv_cs 5 note 1', 'the first picture is a key picture'),
  'unit.audio-first': error('players', 'sound does not begin before the first picture'),
} satisfies Record<string, Rule>

const ADTS_RULES = {
  'adts.header': error('14496-3 1.A.2.2', 'sync word, layer 0, a channel configuration'),
  'adts.length': error('14496-3 1.A.2.2.1', 'frames fill their PES packet exactly'),
  'adts.change': error('14496-3 1.A.2.2.1', 'the fixed header stays the same'),
  'adts.time': warning('13818-1 2.4.3.7', 'PTS continue the frames before within one frame'),
} satisfies Record<string, Rule>

export const TS_RULES = {
  ...PACKET_RULES,
  ...PSI_RULES,
  ...PCR_RULES,
  ...PES_RULES,
  ...UNIT_RULES,
  ...ADTS_RULES,
  ...ES_RULES,
  ...AAC_RULES,
}

export type TsRuleId = keyof typeof TS_RULES
