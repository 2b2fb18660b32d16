import { AAC_RULES, ES_RULES } from '../check/es-rules.ts'
import type { Rule } from '../check/fault-log.ts'

const error = (clause: string, text: string): Rule => ({ severity: 'error', clause, text })
const warning = (clause: string, text: string): Rule => ({ severity: 'warning', clause, text })
const note = (clause: string, text: string): Rule => ({ severity: 'note', clause, text })

const BOX_RULES = {
  'box.size': error('14496-12 4.2', 'boxes fill their parent exactly'),
  'box.fields': error('14496-12 4.2', 'the fields fill their box exactly'),
  'box.required': error('14496-12 Table 1', 'mandatory boxes are there'),
  'box.once': error('14496-12 Table 1', 'boxes of which there is one occur once'),
  'box.order': error('14496-12 6.3.4', 'ftyp, moov, then per fragment moof and mdat'),
  'box.unknown': warning('14496-12 Table 1', 'the box is one that is known in its place'),
  'box.version': error('14496-12 4.2', 'version and flags are ones that the standard defines'),
} satisfies Record<string, Rule>

const INIT_RULES = {
  'ftyp.brands': error(
    '14496-12 4.3, Annex E',
    'the major brand is listed; iso5 or later for default-base-is-moof',
  ),
  'mvhd.timescale': error('14496-12 8.2.2', 'timescales are not 0'),
  'mvhd.next-track': error('14496-12 8.2.2', 'next_track_ID is larger than every track_ID'),
  'mvhd.duration': error('14496-12 8.8.2', 'the movie without its fragments has no duration'),
  'tkhd.id': error('14496-12 8.3.2', 'track_IDs are not 0 and unique'),
  'tkhd.enabled': warning('14496-12 8.3.2', 'tracks are enabled and in the movie'),
  'tkhd.size': error('14496-12 8.3.2', 'the track is as large as its pictures'),
  'hdlr.type': error('14496-12 8.4.3', 'handler, media header and sample entry are of one kind'),
  'dref.self': error('14496-12 8.7.2', 'the media is in this file'),
  'stbl.empty': error('14496-12 8.8.1', 'there are no samples outside fragments'),
  'stsd.entries': error('14496-12 8.5.2', 'there is one sample entry, of a known kind'),
  'entry.size': error('14496-12 12.1.3', 'width and height are those of the SPS'),
  'edts.none': warning('players', 'no edit list is needed'),
  'trex.track': error('14496-12 8.8.3', 'every track has its trex, every trex its track'),
} satisfies Record<string, Rule>

const CONFIG_RULES = {
  'avcC.version': error('14496-15 5.3.3.1.2', 'configurationVersion 1, reserved bits are ones'),
  'avcC.profile': error(
    '14496-15 5.3.3.1.2',
    'profile, compatibility and level are those of the SPS',
  ),
  'avcC.length-size': error('14496-15 5.3.3.1.2', 'NAL units have lengths of four bytes'),
  'avcC.sets': error('14496-15 5.3.3.1.2', 'there are SPS and PPS, each in its list'),
  'avcC.high': error(
    '14496-15 5.3.3.1.2',
    'the high profiles have chroma format and bit depths, right ones',
  ),
  'hvcC.version': error('14496-15 8.3.3.1.2', 'configurationVersion 1, reserved bits are ones'),
  'hvcC.profile': error(
    '14496-15 8.3.3.1.2',
    'profile, tier, level and flags are those of the SPS',
  ),
  'hvcC.format': error(
    '14496-15 8.3.3.1.2',
    'chroma format, bit depths and temporal layers are those of the SPS',
  ),
  'hvcC.length-size': error('14496-15 8.3.3.1.2', 'NAL units have lengths of four bytes'),
  'hvcC.arrays': error(
    '14496-15 8.3.3.1.2',
    'arrays of VPS, SPS and PPS, in this order, of these types',
  ),
  'hvcC.complete': error('14496-15 8.4.1.1', 'array_completeness is 1 in hvc1'),
  'esds.descriptors': error(
    '14496-1 7.2.6.5',
    'ES, decoder configuration and SL descriptors fit into each other',
  ),
  'esds.type': error('14496-1 7.2.6.6', 'objectTypeIndication 0x40, streamType 5'),
  'esds.config': error(
    '14496-3 1.6.2.1',
    'AudioSpecificConfig has the rate and channels of the sample entry',
  ),
} satisfies Record<string, Rule>

const FRAGMENT_RULES = {
  'mfhd.sequence': error('14496-12 8.8.5', 'sequence_number increases by one'),
  'tfhd.track': error('14496-12 8.8.7', 'track_ID is one of the movie, once in a fragment'),
  'tfhd.base': error('14496-12 8.8.7', 'default-base-is-moof, no base_data_offset'),
  'tfdt.present': error('14496-12 8.8.12', 'every track fragment has its decode time'),
  'tfdt.version': warning('14496-12 8.8.12', 'decode times have 64 bits'),
  'tfdt.continuity': error('14496-12 8.8.12', 'decode time is the sum of the durations before'),
  'tfdt.gap': warning('14496-12 8.8.12', 'sound has no gaps'),
  'trun.present': error('14496-12 8.8.8', 'every track fragment has samples'),
  'trun.offset': error('14496-12 8.8.8', 'data_offset is there and points into the mdat behind'),
  'trun.cover': error('14496-12 8.8.8', 'the samples are the mdat: no gap, no overlap, no rest'),
  'trun.duration': error('14496-12 8.8.8', 'durations are not 0 and at most 60 s'),
  'trun.composition': error('14496-12 8.8.8', 'composition offsets are not negative'),
  'sample.sync': error(
    '14496-12 8.8.3.1',
    'sync samples are exactly the key pictures and the sound',
  ),
  'sample.depends': error('14496-12 8.6.4.3', 'sample_depends_on does not contradict the picture'),
  'sample.reserved': error('14496-12 8.8.3.1', 'reserved bits of sample flags are 0'),
  'sample.lengths': error('14496-15 5.3.2', 'lengths of NAL units add up to the sample'),
  'sample.start-code': error('14496-15 5.3.2', 'a sample has lengths in place of start codes'),
  'sample.parameter-sets': error(
    '14496-15 5.3.2, 8.3.2',
    'avc1 and hvc1 samples carry no parameter sets',
  ),
  'sample.empty': error('14496-12 8.8.8', 'samples are not empty'),
  'sample.adts': error('14496-3 1.6.5.2', 'AAC samples are raw data blocks without ADTS headers'),
  'fragment.start-key': error('iv_cs 5 note 1', 'the first picture is a key picture'),
  'fragment.key-first': warning('iv_cs slices', 'a key picture begins its fragment'),
  'fragment.audio-first': warning('players', 'sound does not begin before the first picture'),
  'prft.track': error('14496-12 8.16.5', 'reference_track_ID is one of the movie'),
  'prft.time': error('14496-12 8.16.5', 'media_time is the decode time of the fragment behind'),
  'prft.clock': warning('14496-12 8.16.5', 'NTP time goes on as media time does, within a second'),
  'prft.present': note('iv_cs slices', 'every fragment has the time of its capture'),
} satisfies Record<string, Rule>

export const MP4_RULES = {
  ...BOX_RULES,
  ...INIT_RULES,
  ...CONFIG_RULES,
  ...FRAGMENT_RULES,
  ...ES_RULES,
  ...AAC_RULES,
}

export type Mp4RuleId = keyof typeof MP4_RULES
