import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as types from '../../runtime/types.ts'

const counted = (prefix: string, ...names: string[]): Record<string, number> =>
  Object.fromEntries(names.map((name, at) => [prefix + name, at]))

/** Names and values of the specification, chapter 4, and of the common audio/video module's header. */
const ENUMS: Record<string, Record<string, number>> = {
  iv_cm_stream_type_e: counted('IV_CM_STREAM_TYPE_', 'AUDIO', 'VIDEO', 'BUTT'),
  iv_cm_frame_type_e: counted('IV_CM_FRAME_TYPE_', 'I', 'P', 'BUTT'),
  iv_cm_venc_type_e: counted('IV_CM_VENC_TYPE_', 'H264', 'H265', 'MJPG', 'BUTT'),
  iv_cm_aenc_type_e: counted(
    'IV_CM_AENC_TYPE_',
    'PCM',
    'G711A',
    'G711U',
    'G726',
    'AAC',
    'AMR',
    'ADPCMA',
    'BUTT',
  ),
  iv_cm_aac_type_e: counted(
    'IV_CM_AAC_TYPE_',
    'NONE',
    'MAIN',
    'LC',
    'SSR',
    'LTP',
    'SBR',
    'SCALCBLE',
    'TWINVQ',
    'CELP',
    'HVXC',
    'BUTT',
  ),
  iv_cm_aenc_sample_rate_e: {
    ...Object.fromEntries(
      [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 96_000].map(
        (rate) => [`IV_CM_AENC_SAMPLE_RATE_${rate}`, rate],
      ),
    ),
    IV_CM_AENC_SAMPLE_RATE_BUTT: 96_001,
  },
  iv_cm_aenc_bit_width_e: counted('IV_CM_AENC_BIT_WIDTH_', '8', '16', '24', 'BUTT'),
  iv_cm_aenc_mode_e: counted('IV_CM_AENC_MODE_', 'MONO', 'STEREO', 'BUTT'),
  iv_cs_chn_e: counted(
    'CS_',
    'SINGLE_CH',
    'MULTI_CH1',
    'MULTI_CH2',
    'MULTI_CH3',
    'MULTI_CH4',
    'CH_NUM',
  ),
  iv_cs_type_e: counted('CS_TYPE_', 'NONE', 'FULL_TIME', 'EVENT', 'FREE_TRIAL'),
  iv_cs_up_bk_state_e: counted('CS_UP_BK_', 'START', 'RUNNING', 'END', 'BUTT'),
  iv_cs_format_e: counted('IV_CS_FORMAT_', 'TS', 'FMP4'),
  iv_cs_ai_type_e: counted('CS_AI_TYPE_', 'CLOSE', 'FALL_DETECT'),
  iv_cs_event_report_opt_e: counted('CS_EVENT_', 'VIDEO_REQ', 'PIC_REQ', 'VIDEO_OR_PIC_REQ'),
  iv_cs_upload_state_e: counted('IV_CS_UPLOAD_', 'OK', 'ERR'),
  iv_cs_notify_msg_type_e: counted(
    'IV_CS_',
    'AV_UPLOAD_CONNECT_FAIL',
    'AV_UPLOAD_CONNECT_RECOVER',
    'AV_UPLOAD_STATE_MSG',
    'AV_UPLOAD_WATERMARK_LOW',
    'AV_UPLOAD_WATERMARK_WARN',
    'AV_UPLOAD_WATERMARK_HIGH',
    'COS_SERVICE_WRONG',
    'MSG_BUTT',
  ),
}

/** Members of a TypeScript enum without the reverse mapping. */
const membersOf = (given: object): Record<string, number> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => typeof value === 'number'))

for (const [name, expected] of Object.entries(ENUMS))
  test(`${name}: names and values`, () =>
    assert.deepEqual(membersOf((types as unknown as Record<string, object>)[name]!), expected))

test('no enum is left out', () => {
  const exported = Object.keys(types).filter((name) => name.endsWith('_e'))
  assert.deepEqual(exported.sort(), Object.keys(ENUMS).sort())
})

test('a STATE_MSG notice has at most ten slices', () => assert.equal(types.MAX_UPLOAD_INFO_NUM, 10))
