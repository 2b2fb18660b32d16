/** Sound that the core encodes: every input, both containers. */
import * as abi from '../../../core-wasm/abi.gen.ts'
import type { Config } from '../format.ts'
import { type Scenario, scenario } from '../scenario.ts'

const inputs: [string, Partial<Config>, string[]][] = [
  ['pcm', { audioInput: abi.AUDIO_PCM }, [0, 1, 2, 3].map((i) => `pcm.mono${i}`)],
  ['g711a', { audioInput: abi.AUDIO_G711A }, ['g711']],
  ['g711u', { audioInput: abi.AUDIO_G711U, audioBitRate: 24000 }, ['g711']],
  [
    'pcm-stereo',
    { audioInput: abi.AUDIO_PCM, sampleRate: 48000, channels: 2 },
    ['pcm.stereo0', 'pcm.stereo1'],
  ],
]

const FRAMES = 20
const SAMPLES = 1024

export const encodeScenarios: Scenario[] = [abi.FORMAT_TS, abi.FORMAT_FMP4].flatMap((format) =>
  inputs.map(([name, given, pieces]) => {
    const config = { sampleRate: name.startsWith('g711') ? 8000 : 16000, channels: 1, ...given }
    const prefix = format === abi.FORMAT_TS ? 'ts' : 'fmp4'
    return scenario(`${prefix}-${name}`, `video with ${name} input`, { format, ...config }, (s) => {
      let sound = 0
      for (let i = 0; i < FRAMES; i++) {
        s.video(i % 12 === 0 ? 'h264.idr' : 'h264.p1', i * 40)
        for (; ; sound++) {
          const pts = Math.floor((sound * SAMPLES * 1000) / config.sampleRate)
          if (pts > i * 40) break
          // the second push gives the encoder's first frame: its priming, before the first picture
          s.audio(
            pieces[sound % pieces.length] as string,
            pts,
            sound === 1 ? 'NOTICE_AUDIO_EARLY' : 'OK',
          )
        }
        if (i % 6 === 5) s.drain()
      }
      return s.flush().drain()
    })
  }),
)
