/** The ring: wrap, eviction, refusal, holds, rooms reserved for frames written in place. */
import * as abi from '../../../core-wasm/abi.gen.ts'
import { type Scenario, scenario } from '../scenario.ts'

const P = ['h264.p1', 'h264.p2', 'h264.p3']

const inContainer = (prefix: string, format: number): Scenario[] => [
  scenario(
    `${prefix}-ring-wrap`,
    'a small ring, read in odd pieces while it wraps many times',
    { format, ringBytes: 16_384 },
    (s) => {
      for (let i = 0; i < 40; i++) {
        s.video(i % 10 === 0 ? 'h264.idr' : (P[i % 3] as string), i * 40)
        s.drain(997 + 31 * (i % 7))
      }
      return s.drain().flush().drain()
    },
  ),
  scenario(
    `${prefix}-ring-evict`,
    'nobody reads: the oldest GOP goes',
    { format, ringBytes: 16_384 },
    (s) => {
      for (let i = 0; i < 36; i++) s.video(i % 5 === 0 ? 'h264.idr' : (P[i % 3] as string), i * 200)
      return s.flush().drain()
    },
  ),
  scenario(
    `${prefix}-in-place`,
    'frames written into reserved room; one is shorter than its room, one room is not used',
    { format },
    (s) => {
      s.reserve(4000)
        .commit('h264.idr', 0)
        .reserve(600)
        .commit('h264.p1', 40)
        .reserve(500)
        .video('h264.p2', 80)
      // fMP4: the open fragment is closed first, and the host may read it before it comes again
      if (format === abi.FORMAT_FMP4) s.reserve(1_000_000, 'RING_RETRY')
      return s
        .reserve(1_000_000, 'RING_TOO_SMALL')
        .reserve(0x7fff_ffff, 'RING_TOO_SMALL')
        .video('h264.p1', 120, { status: 'PICTURE_NEED_IDR' })
        .reserve(4000)
        .commit('h264.idr-aud-sei', 160)
        .flush()
        .drain()
    },
  ),
]

export const ringScenarios: Scenario[] = [
  ...inContainer('ts', abi.FORMAT_TS),
  ...inContainer('fmp4', abi.FORMAT_FMP4),
  scenario(
    'ring-refuse',
    'policy refuse: a full ring refuses frames until bytes are released',
    { ringBytes: 8192, fullPolicy: abi.POLICY_REFUSE },
    (s) =>
      s
        .gop('h264.idr', ['h264.p1'], 0, 4, 40)
        .video('h264.p1', 160, { status: 'RING_FULL' })
        .drain()
        .video('h264.p1', 200, { status: 'PICTURE_NEED_IDR' })
        .gop('h264.idr', ['h264.p1'], 240, 3, 40)
        .flush()
        .drain(),
  ),
  scenario(
    'ring-hold',
    'held bytes are not evicted; release and hold outside of the ring are refused',
    { ringBytes: 8192 },
    (s) =>
      s
        .gop('h264.idr', ['h264.p1'], 0, 3, 40)
        .hold(0, 188)
        .hold(0, 1_000_000, 'RING_POSITION')
        .release(1_000_000, 'RING_POSITION')
        .video('h264.idr', 120, { status: 'RING_FULL' })
        .video('h264.p1', 160, { status: 'PICTURE_NEED_IDR' })
        .hold(0, 0)
        .gop('h264.idr', ['h264.p1'], 200, 2, 40)
        .release(0, 'RING_POSITION')
        .flush()
        .drain(),
  ),
]
