import type { Rule } from './fault-log.ts'

/** Rules of the elementary streams, whatever the container. */
export const ES_RULES = {
  'es.nal-header': {
    severity: 'error',
    clause: 'H.264 7.4.1, H.265 7.4.2.2',
    text: 'forbidden_zero_bit is 0, nuh_layer_id 0, nuh_temporal_id_plus1 not 0',
  },
  'es.syntax': {
    severity: 'error',
    clause: 'H.264 7.3, H.265 7.3',
    text: 'parameter sets and slice headers can be parsed',
  },
  'es.emulation': {
    severity: 'error',
    clause: 'H.264 7.4.1, H.265 7.4.2.1',
    text: 'no 00 00 0x (x < 3) inside a NAL unit',
  },
  'es.picture': {
    severity: 'error',
    clause: 'H.264 7.4.1.2, H.265 7.4.2.4.4',
    text: 'every access unit holds a picture',
  },
  'es.one-picture': {
    severity: 'error',
    clause: 'H.264 7.4.1.2, H.265 7.4.2.4.4',
    text: 'every access unit holds one picture only',
  },
  'es.first-slice': {
    severity: 'error',
    clause: 'H.264 7.4.1.2.4, H.265 7.4.7.1',
    text: 'a picture begins with its first slice',
  },
  'es.reference': {
    severity: 'error',
    clause: 'H.264 7.4.1.2.1, H.265 7.4.2.4.2',
    text: 'the parameter sets that a slice names came before it',
  },
  'es.order': {
    severity: 'error',
    clause: 'H.264 7.4.1.2.3, H.265 7.4.2.4.4',
    text: 'delimiter, VPS, SPS, PPS, SEI, slices: in this order',
  },
  'es.mixed-idr': {
    severity: 'error',
    clause: 'H.264 7.4.1.2.4, H.265 7.4.2.2',
    text: 'all slices of a picture are of one kind, IDR or not',
  },
  'es.b-slice': {
    severity: 'error',
    clause: 'iv_cs pushCsStream',
    text: 'cloud storage carries no B slices',
  },
  'es.leading': {
    severity: 'error',
    clause: 'H.265 8.1.3',
    text: 'no RASL picture follows a CRA that begins the stream: it cannot be decoded',
  },
  'es.format-change': {
    severity: 'error',
    clause: 'iv_cs 5 note 6',
    text: 'size and profile stay the same within a file',
  },
} as const satisfies Record<string, Rule>

/** Rules of AAC in any container. */
export const AAC_RULES = {
  'aac.profile': {
    severity: 'error',
    clause: '14496-3 1.5.1.1',
    text: 'the audio object type is AAC LC',
  },
  'aac.rate': {
    severity: 'error',
    clause: '14496-3 Table 1.18',
    text: 'the sampling rate is one of the table',
  },
} as const satisfies Record<string, Rule>

export type EsRuleId = keyof typeof ES_RULES
export type AacRuleId = keyof typeof AAC_RULES
