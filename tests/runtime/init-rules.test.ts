import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkInit } from '../../runtime/options.ts'
import { iv_err_code_e } from '../../runtime/status.ts'
import type { iv_cs_init_parm_s } from '../../runtime/types.ts'
import { channelParams, initParams } from '../support/test-camera.ts'

const {
  IV_ERR_CS_INIT_PRM_NULL: NULL,
  IV_ERR_CS_INIT_CB_NULL: CB_NULL,
  IV_ERR_CS_INIT_PRM_RANGE: RANGE,
} = iv_err_code_e

// biome-ignore lint/suspicious/noExplicitAny: what is given here is wrong on purpose
type Change = (parameters: Record<string, any>) => void
const channel =
  (given: object): Change =>
  ({ ch_params }) =>
    Object.assign(ch_params[0], given)
const format =
  (given: object): Change =>
  ({ ch_params }) =>
    Object.assign(ch_params[0].av_fmt, given)
const callback =
  (name: string, value: unknown): Change =>
  ({ func_cb }) => {
    func_cb[name] = value
  }
const count =
  (channel_num: number): Change =>
  (parameters) => {
    parameters.channel_num = channel_num
  }
const channels =
  (...ids: number[]): Change =>
  (parameters) => {
    parameters.channel_num = ids.length
    parameters.ch_params = ids.map((channel_id) => channelParams({ channel_id }))
  }
const marks = (low_mark: number, warn_mark: number, high_mark: number, enable = 1): Change =>
  channel({ congestion_cfg: { low_mark, warn_mark, high_mark, enable } })
const PCM = { eAudioType: 0, eAudioMode: 0, eAudioBitWidth: 1, eAudioSampleRate: 8000 }

const changed = (change: Change): iv_cs_init_parm_s => {
  const parameters = structuredClone({ ...initParams(), func_cb: {} }) as iv_cs_init_parm_s
  parameters.func_cb = { ...initParams().func_cb }
  change(parameters)
  return parameters
}

const ACCEPTED: readonly [name: string, change: Change][] = [
  ['nothing changed', () => {}],
  ['the smallest cache', channel({ u32MaxGopSize: 4096 })],
  ['the document’s 800 KB', channel({ u32MaxGopSize: 819_200 })],
  ['fMP4', channel({ cs_fmt: 1 })],
  ['H.265', format({ eVideoType: 1 })],
  ['a variable frame rate', format({ u32Framerate: 0 })],
  ['PCM, mono, 1024 samples', format({ ...PCM, u32SampleNumPerFrame: 1024 })],
  [
    'G.711, stereo, 2048 samples',
    format({ ...PCM, eAudioType: 2, eAudioMode: 1, u32SampleNumPerFrame: 2048 }),
  ],
  ['marks that ascend up to the cache', marks(200_000, 800_000, 2 * 1024 * 1024)],
  ['marks that are off may be anything', marks(9, 5, 1, 0)],
  [
    'only the two callbacks that a known camera has besides its own',
    callback('onNotify', undefined),
  ],
  ['optional callbacks as null', callback('onEventReportResult', null)],
  ['three channels from 1', channels(1, 2, 3)],
  ['one channel of a device with several', channels(2)],
  ['64 channels', channels(...Array.from({ length: 64 }, (_, at) => at + 1))],
]
for (const [name, change] of ACCEPTED)
  test(`accepted: ${name}`, () => {
    const checked = checkInit(changed(change))
    assert.ok('value' in checked, 'faults' in checked ? checked.faults[0]?.message : '')
  })

const REFUSED: readonly [name: string, change: Change, code: number, message: RegExp][] = [
  [
    'no start callback',
    callback('onStartPushStream', undefined),
    CB_NULL,
    /onStartPushStream is required/,
  ],
  ['no stop callback', callback('onStopPushStream', null), CB_NULL, /onStopPushStream is required/],
  [
    'a callback that is none',
    callback('onNotify', 5),
    RANGE,
    /onNotify must be a function, not number/,
  ],
  ['channel_num 0', count(0), RANGE, /channel_num must be at least 1/],
  [
    'channel_num 65',
    channels(...Array.from({ length: 65 }, (_, at) => at)),
    RANGE,
    /channel_num must be at most 64/,
  ],
  ['channel_num that is not the number of channels', count(2), RANGE, /channel_num \(2\)/],
  ['the same channel twice', channels(1, 1), RANGE, /must differ/],
  ['channel 0 among several', channels(0, 1), RANGE, /channel_id 0/],
  ['channel 65', channels(65), RANGE, /channel_id must be 0 to 64/],
  [
    'no cache',
    channel({ u32MaxGopSize: 0 }),
    RANGE,
    /u32MaxGopSize must be at least 4096 bytes, not 0/,
  ],
  [
    'a cache of odd size',
    channel({ u32MaxGopSize: 4097 }),
    RANGE,
    /multiple of 4096 bytes, not 4097/,
  ],
  ['a cache of a gigabyte', channel({ u32MaxGopSize: 2 ** 30 }), RANGE, /at most 67108864 bytes/],
  ['marks out of order', marks(3000, 2000, 4000), RANGE, /marks must ascend/],
  ['marks that are equal', marks(2000, 2000, 4000), RANGE, /marks must ascend/],
  ['a mark beyond the cache', marks(1, 2, 2 * 1024 * 1024 + 1), RANGE, /at most u32MaxGopSize/],
  ['enable 2', marks(1, 2, 3, 2), RANGE, /enable must be 0 to 1/],
  [
    'an unknown container',
    channel({ cs_fmt: 2 }),
    RANGE,
    /IV_CS_FORMAT_TS \(0\), IV_CS_FORMAT_FMP4 \(1\), not 2/,
  ],
  ['an unknown report option', channel({ event_report_opt: 3 }), RANGE, /CS_EVENT_VIDEO_REQ \(0\)/],
  ['MJPEG', format({ eVideoType: 2 }), RANGE, /MJPG is not supported/],
  ['an end marker as a codec', format({ eVideoType: 3 }), RANGE, /eVideoType must be one of/],
  ['AMR', format({ eAudioType: 5 }), RANGE, /PCM \(0\), G711A \(1\), G711U \(2\) or AAC \(4\)/],
  ['G.711 without a rate', format({ eAudioType: 1 }), RANGE, /eAudioSampleRate must be given/],
  [
    'a rate that is none',
    format({ ...PCM, eAudioSampleRate: 88_200 }),
    RANGE,
    /eAudioSampleRate must be one of/,
  ],
  [
    'mono of 2048 samples',
    format({ ...PCM, u32SampleNumPerFrame: 2048 }),
    RANGE,
    /must be 1024 for 1 channel, not 2048/,
  ],
  [
    'stereo of 1024 samples',
    format({ ...PCM, eAudioMode: 1, u32SampleNumPerFrame: 1024 }),
    RANGE,
    /must be 2048 for 2 channels/,
  ],
  ['PCM of 24 bits', format({ ...PCM, eAudioBitWidth: 2 }), RANGE, /BIT_WIDTH_16/],
]
for (const [name, change, code, message] of REFUSED)
  test(`refused: ${name}`, () => {
    const checked = checkInit(changed(change))
    assert.ok('faults' in checked)
    const fault = checked.faults.find((one) => message.test(one.message))
    assert.equal(fault?.code, code, checked.faults.map((one) => one.message).join('; '))
  })

for (const nothing of [null, undefined, 5])
  test(`refused: ${nothing} for the parameters`, () => {
    const checked = checkInit(nothing as never)
    assert.ok('faults' in checked)
    assert.equal(checked.faults[0]?.code, NULL)
  })

test('every fault is told of, not only the first', () => {
  const checked = checkInit(
    changed((p) => {
      channel({ u32MaxGopSize: 5000, cs_fmt: 9 })(p)
      callback('onStartPushStream', undefined)(p)
    }),
  )
  assert.ok('faults' in checked)
  assert.equal(checked.faults.length, 3)
})
