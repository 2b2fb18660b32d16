import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AUDIO_AAC,
  AUDIO_G711A,
  AUDIO_NONE,
  AUDIO_PCM,
  type CoreConfig,
  CoreError,
  VIDEO_NONE,
} from '../../core-wasm/index.ts'
import { openCore } from './synthetic.ts'

const PAGE = 65_536
const pages = (bytes: number) => Math.ceil(bytes / PAGE) * PAGE

const bad: [name: string, config: Partial<CoreConfig>, code: string][] = [
  ['a ring of 0', { ringBytes: 0 }, 'CONFIG_RING_RANGE'],
  ['a negative ring', { ringBytes: -4096 }, 'CONFIG_RING_RANGE'],
  ['a ring that is no multiple of 4 KB', { ringBytes: 4097 }, 'CONFIG_RING_RANGE'],
  ['a ring above 1 GiB', { ringBytes: 2 ** 30 + 4096 }, 'CONFIG_RING_RANGE'],
  ['format 2', { format: 2 }, 'CONFIG_FORMAT_RANGE'],
  ['MJPEG', { videoCodec: 2 }, 'CONFIG_VIDEO_RANGE'],
  ['G.726', { audioInput: 3 }, 'CONFIG_AUDIO_RANGE'],
  ['PCM of 44000 Hz', { audioInput: AUDIO_PCM, sampleRate: 44_000 }, 'CONFIG_RATE_RANGE'],
  ['three channels', { audioInput: AUDIO_PCM, channels: 3 }, 'CONFIG_CHANNELS_RANGE'],
  [
    'a bit rate above what AAC can carry',
    { audioInput: AUDIO_PCM, audioBitRate: 576_001 },
    'CONFIG_BIT_RATE_RANGE',
  ],
  ['1001 fps', { nominalFps: 1001 }, 'CONFIG_FPS_RANGE'],
  ['a slice of 0 ms', { sliceMinMs: 0 }, 'CONFIG_SLICE_RANGE'],
  ['a maximum below the minimum', { sliceMinMs: 20_000, sliceMaxMs: 10_000 }, 'CONFIG_SLICE_RANGE'],
  ['policy 2', { fullPolicy: 2 }, 'CONFIG_POLICY_RANGE'],
  ['no track', { videoCodec: VIDEO_NONE }, 'CONFIG_NO_TRACK'],
]
for (const [name, config, code] of bad)
  test(`refused: ${name}`, async () => {
    await assert.rejects(
      openCore(config),
      (error: unknown) => error instanceof CoreError && error.code === code,
    )
  })

// Spec: iv_cs, chapter 5 note 7
const KIB = 1024
const budgets: [name: string, config: Partial<CoreConfig>, extra: number][] = [
  ['video alone', { audioInput: AUDIO_NONE }, 100 * KIB],
  ['AAC', { audioInput: AUDIO_AAC }, 100 * KIB],
  ['PCM mono', { audioInput: AUDIO_PCM, channels: 1, sampleRate: 48_000 }, 220 * KIB],
  ['G.711 mono', { audioInput: AUDIO_G711A, channels: 1, sampleRate: 8000 }, 220 * KIB],
  ['PCM stereo', { audioInput: AUDIO_PCM, channels: 2, sampleRate: 48_000 }, 260 * KIB],
]
for (const [name, config, extra] of budgets)
  for (const ringBytes of [4096, 32 * KIB, 800 * KIB, 4 << 20])
    test(`memory is u32MaxGopSize + ${extra / KIB} KiB: ${name}, ring of ${ringBytes / KIB} KiB`, async () => {
      const core = await openCore({ ringBytes, ...config })
      assert.equal(core.memory.buffer.byteLength, pages(ringBytes + extra))
      assert.equal(core.exports.required_bytes(), pages(ringBytes + extra))
      assert.equal(core.ringSize, ringBytes - (ringBytes % 188))
    })

test('opened twice', async () => {
  const core = await openCore()
  assert.equal(core.exports.open(), -1014)
})
