import * as abi from '../../../core-wasm/abi.gen.ts'
import type { Config } from '../format.ts'
import { type Scenario, scenario } from '../scenario.ts'

const refused: [keyof typeof abi, Partial<Config>][] = [
  ['CONFIG_RING_RANGE', { ringBytes: 4095 }],
  ['CONFIG_RING_RANGE', { ringBytes: 0 }],
  ['CONFIG_FORMAT_RANGE', { format: 2 }],
  ['CONFIG_VIDEO_RANGE', { videoCodec: 2 }],
  ['CONFIG_AUDIO_RANGE', { audioInput: 3 }],
  ['CONFIG_RATE_RANGE', { audioInput: abi.AUDIO_AAC, sampleRate: 16001, channels: 1 }],
  ['CONFIG_CHANNELS_RANGE', { audioInput: abi.AUDIO_AAC, sampleRate: 16000, channels: 3 }],
  ['CONFIG_BIT_RATE_RANGE', { audioInput: abi.AUDIO_AAC, audioBitRate: -1 }],
  ['CONFIG_FPS_RANGE', { nominalFps: 1001 }],
  ['CONFIG_SLICE_RANGE', { sliceMinMs: 2000, sliceMaxMs: 1000 }],
  ['CONFIG_POLICY_RANGE', { fullPolicy: 2 }],
  ['CONFIG_NO_TRACK', { videoCodec: abi.VIDEO_NONE }],
]

/** Configurations that open() refuses. */
export const configScenarios: Scenario[] = refused.map(([status, config], i) =>
  scenario(
    `config-${i + 1}`,
    `${status}: ${JSON.stringify(config)}`,
    config,
    (steps) => steps,
    status,
  ),
)
