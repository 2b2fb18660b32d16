import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkInit } from '../../runtime/options.ts'
import { iv_err_code_e } from '../../runtime/status.ts'
import { brokerUrl, checkSystem, type SystemOptions } from '../../runtime/system-options.ts'
import type { iv_cs_channel_params_s } from '../../runtime/types.ts'
import { channelParams, initParams } from '../support/test-camera.ts'

const { IV_ERR_CS_INIT_PRM_RANGE: RANGE } = iv_err_code_e
const AAC = channelParams().av_fmt

/** What is wrong with one channel, and what the message must say: name, value, limit, unit. */
const CHANNEL_FAULTS: [unknown, RegExp][] = [
  [{ u32MaxGopSize: 0 }, /ch_params\[0\]\.u32MaxGopSize must be at least 4096 bytes, not 0/],
  [{ u32MaxGopSize: 4097 }, /u32MaxGopSize must be a multiple of 4096 bytes, not 4097/],
  [{ u32MaxGopSize: 1 << 30 }, /u32MaxGopSize must be at most 67108864 bytes, not 1073741824/],
  [{ u32MaxGopSize: 4096.5 }, /u32MaxGopSize must be a whole number of bytes, not 4096.5/],
  [{ u32MaxGopSize: Number.NaN }, /u32MaxGopSize/],
  [{ channel_id: -1 }, /channel_id must be 0 to 64 .*, not -1/],
  [{ channel_id: 65 }, /channel_id must be 0 to 64 .*, not 65/],
  [{ cs_fmt: 2 }, /cs_fmt must be one of IV_CS_FORMAT_TS \(0\), IV_CS_FORMAT_FMP4 \(1\), not 2/],
  [{ event_report_opt: 3 }, /event_report_opt must be one of CS_EVENT_VIDEO_REQ \(0\)/],
  [{ av_fmt: undefined }, /av_fmt/],
  [{ av_fmt: { ...AAC, eAudioType: 3 } }, /eAudioType must be PCM .*, not 3/],
  [{ av_fmt: { ...AAC, eAudioType: 7 } }, /eAudioType must be one of/],
  [{ av_fmt: { ...AAC, eVideoType: 2 } }, /MJPG is not supported/],
  [{ av_fmt: { ...AAC, u32Framerate: 1000 } }, /u32Framerate must be 0 to 240 pictures per second/],
  [{ av_fmt: { eVideoType: 0, eAudioType: 0 } }, /eAudioSampleRate must be given/],
  [
    { av_fmt: { eVideoType: 0, eAudioType: 1, eAudioSampleRate: 8000, u32SampleNumPerFrame: 960 } },
    /u32SampleNumPerFrame must be 1024 for 1 channel, not 960/,
  ],
  [
    {
      av_fmt: {
        eVideoType: 0,
        eAudioType: 1,
        eAudioMode: 1,
        eAudioSampleRate: 8000,
        u32SampleNumPerFrame: 1024,
      },
    },
    /must be 2048 for 2 channels, not 1024/,
  ],
  [
    { av_fmt: { eVideoType: 0, eAudioType: 0, eAudioSampleRate: 8000, eAudioBitWidth: 0 } },
    /BIT_WIDTH_16 \(1\)/,
  ],
  [
    { av_fmt: { eVideoType: 0, eAudioType: 0, eAudioSampleRate: 8001 } },
    /eAudioSampleRate must be one of/,
  ],
  [
    { congestion_cfg: { low_mark: 2, warn_mark: 1, high_mark: 3, enable: 1 } },
    /congestion_cfg marks must ascend .*, not 2, 1, 3/,
  ],
  [
    { congestion_cfg: { low_mark: 1, warn_mark: 2, high_mark: 9_000_000, enable: 1 } },
    /at most u32MaxGopSize \(2097152 bytes\)/,
  ],
  [{ congestion_cfg: { low_mark: 1, warn_mark: 2, high_mark: 3, enable: 2 } }, /enable/],
]
for (const [fault, message] of CHANNEL_FAULTS)
  test(`channel: ${JSON.stringify(fault)}`, () => {
    const checked = checkInit(initParams(fault as Partial<iv_cs_channel_params_s>))
    assert.ok('faults' in checked)
    assert.equal(checked.faults[0]!.code, RANGE)
    assert.match(checked.faults.map((one) => one.message).join('\n'), message)
  })

test('each fault has its own message', () => {
  const checked = checkInit(initParams({ u32MaxGopSize: 0, cs_fmt: 9 as never }))
  assert.ok('faults' in checked)
  assert.equal(checked.faults.length, 2)
})

const CHANNELS: [number, number[], RegExp][] = [
  [0, [0], /channel_num must be at least 1/],
  [65, [0], /channel_num must be at most 64/],
  [2, [1], /must have channel_num \(2\) entries, not 1/],
  [2, [1, 1], /channel_id must differ/],
  [2, [0, 1], /channel_id 0 is for a device with one channel/],
]
for (const [channel_num, ids, message] of CHANNELS)
  test(`${channel_num} channels numbered ${ids}`, () => {
    const ch_params = ids.map((channel_id) => channelParams({ channel_id }))
    const checked = checkInit({ ...initParams(), channel_num, ch_params })
    assert.ok('faults' in checked)
    assert.match(checked.faults[0]!.message, message)
  })

test('callbacks: which are required, and that they are functions', () => {
  const none = checkInit({ ...initParams(), func_cb: undefined as never })
  assert.ok('faults' in none)
  assert.deepEqual(
    none.faults.map(({ code }) => code),
    [iv_err_code_e.IV_ERR_CS_INIT_CB_NULL, iv_err_code_e.IV_ERR_CS_INIT_CB_NULL],
  )
  const text = checkInit(initParams({}, { onNotify: 'yes' as never }))
  assert.ok('faults' in text)
  assert.match(text.faults[0]!.message, /onNotify must be a function, not string/)
  assert.ok(
    'value' in checkInit(initParams({}, { onNotify: null as never })),
    'null is none, as in C',
  )
})

test('what is right is right, and is a copy', () => {
  const given = initParams({
    congestion_cfg: { low_mark: 200_000, warn_mark: 800_000, high_mark: 1_600_000, enable: 1 },
  })
  const checked = checkInit(given)
  assert.ok('value' in checked)
  assert.notEqual(checked.value.channels[0], given.ch_params[0])
  given.ch_params[0]!.congestion_cfg!.low_mark = 5
  assert.equal(checked.value.channels[0]!.congestion_cfg!.low_mark, 200_000)
})

const SYSTEM: SystemOptions = {
  productId: 'P1',
  deviceName: 'camera-1',
  deviceSecret: 'secret',
  cloudUrl: 'mqtt://127.0.0.1',
}
const SYSTEM_FAULTS: [unknown, RegExp][] = [
  [{ productId: 'a/b' }, /productId/],
  [{ productId: 'x'.repeat(11) }, /productId 1 to 10/],
  [{ deviceName: '../etc' }, /deviceName/],
  [{ deviceName: 'x'.repeat(49) }, /deviceName 1 to 48/],
  [{ deviceSecret: '' }, /deviceSecret is empty/],
  [{ cloudUrl: 'ftp://host' }, /cloudUrl must be a URL such as mqtt/],
  [{ cloudUrl: 'host' }, /cloudUrl/],
  [{ login: 'certificate' }, /login must be 'hmac' or 'static'/],
  [{ commandTimeoutMs: 100 }, /commandTimeoutMs must be at least 5000 ms, not 100/],
  [{ keepAliveMs: 700_000 }, /keepAliveMs must be at most 690000 ms/],
]
for (const [fault, message] of SYSTEM_FAULTS)
  test(`system: ${JSON.stringify(fault).slice(0, 60)}`, () => {
    const checked = checkSystem({ ...SYSTEM, ...(fault as object) })
    assert.ok('faults' in checked)
    assert.equal(checked.faults[0]!.code, iv_err_code_e.IV_ERR_SYS_INIT_PRM_RANGE)
    assert.match(checked.faults[0]!.message, message)
    assert.doesNotMatch(checked.faults[0]!.message, /secret"/, 'a secret is never repeated')
  })

const URLS: [string, string | undefined][] = [
  ['mqtt://host:1234', 'mqtt://host:1234'],
  ['wss://host/mqtt', 'wss://host/mqtt'],
  ['http://host:8080/x', 'mqtt://host:1883'],
  ['https://[::1]', 'mqtts://[::1]:8883'],
  ['file:///etc', undefined],
  ['', undefined],
]
for (const [given, expected] of URLS)
  test(`broker of ${given || 'nothing'}`, () => assert.equal(brokerUrl(given), expected))
