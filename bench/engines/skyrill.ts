import { writeConfig } from '../../core-wasm/config.ts'
import type { CoreExports } from '../../core-wasm/exports.ts'
import {
  type CoreConfig,
  FORMAT_FMP4,
  FORMAT_TS,
  FRAME_I,
  FRAME_P,
  loadModule,
  POLICY_REFUSE,
  STATE_HEAD,
  statusName,
  type Variant,
  VIDEO_H264,
  VIDEO_H265,
} from '../../core-wasm/index.ts'
import { instantiate } from '../../core-wasm/loader.ts'
import type { Clip } from '../clips.ts'
import { type Contender, consume, timedDifference, timedPasses } from '../harness.ts'

const RING_BYTES = 4 * 1024 * 1024
const PAGE_BYTES = 65536
/** A v128 load at the end of a frame may look behind it. */
const SLACK_BYTES = 64
const START_PTS_MS = 60_000

export type Row = 'in-place' | 'copied'
export type Format = 'ts' | 'fmp4'

/** A core whose memory also holds the clip, behind everything of its own: frames that lie in wasm memory already. */
type Bed = {
  core: CoreExports
  bytes: Uint8Array
  state: Float64Array
  addresses: number[]
}

const open = async (clip: Clip, variant: Variant, format: Format): Promise<Bed> => {
  const core = await instantiate(await loadModule(variant))
  const config: CoreConfig = {
    ringBytes: RING_BYTES,
    format: format === 'ts' ? FORMAT_TS : FORMAT_FMP4,
    videoCodec: clip.codec === 'h264' ? VIDEO_H264 : VIDEO_H265,
    fullPolicy: POLICY_REFUSE,
  }
  writeConfig(core.memory, core.config(), config)
  const required = Math.ceil(core.required_bytes() / PAGE_BYTES) * PAGE_BYTES
  const end = Math.max(required, core.memory.buffer.byteLength)
  const clipBytes = clip.bytes + clip.frames.length * SLACK_BYTES
  const pages =
    Math.ceil((end + clipBytes) / PAGE_BYTES) - core.memory.buffer.byteLength / PAGE_BYTES
  if (pages > 0) core.memory.grow(pages)
  const status = core.open()
  if (status < 0) throw new Error(`open: ${statusName(status)}`)
  const bytes = new Uint8Array(core.memory.buffer)
  const addresses: number[] = []
  let at = end
  for (const { data } of clip.frames) {
    bytes.set(data, at)
    addresses.push(at)
    at += data.length + SLACK_BYTES
  }
  return { core, bytes, state: new Float64Array(core.memory.buffer, core.state(), 1), addresses }
}

const check = (status: number, what: string): void => {
  if (status < 0) throw new Error(`${what}: ${statusName(status) ?? status}`)
}

/** Where each frame of the last pass was placed. */
type Pusher = { push(): void; places: Int32Array }

/** Pushes every frame and releases what came out, as an uplink that is never behind does. */
const pusher = ({ core, bytes, state }: Bed, clip: Clip): Pusher => {
  const { frames, frameMs } = clip
  const head = STATE_HEAD >> 3
  let pts = START_PTS_MS
  let seq = 0
  const types = frames.map((frame) => (frame.key ? FRAME_I : FRAME_P))
  const places = new Int32Array(frames.length)
  const push = (): void => {
    for (let i = 0; i < frames.length; i++) {
      const { data } = frames[i]!
      const address = core.reserve(data.length)
      check(address, 'reserve')
      bytes.set(data, address)
      places[i] = address
      check(core.push_video(address, data.length, pts, pts, seq++, types[i]!), 'push_video')
      core.release(state[head]!)
      pts += frameMs
    }
    consume(state[head]!)
  }
  return { push, places }
}

/**
 * In place: a capture driver has just written the frame where reserve() said. That write is not the muxer's, so the time of the
 * same writes alone, to the same places, is taken off.
 */
const inPlacePass =
  ({ bytes }: Bed, clip: Clip, { places }: Pusher) =>
  (): void => {
    const { frames } = clip
    for (let i = 0; i < frames.length; i++) bytes.set(frames[i]!.data, places[i]!)
    consume(bytes[places[0]!]!)
  }

/** Container bytes of one pass over the clip: what came out, and its init segment, less what went in. */
const overhead = async (clip: Clip, variant: Variant, format: Format): Promise<number> => {
  const bed = await open(clip, variant, format)
  pusher(bed, clip).push()
  const CLOSED_STOP = 2
  check(bed.core.flush(CLOSED_STOP), 'flush')
  return bed.state[STATE_HEAD >> 3]! + bed.core.init_length(0) - clip.bytes
}

export const skyrillMuxer = async (
  clip: Clip,
  variant: Variant,
  format: Format,
  row: Row,
): Promise<Contender> => {
  const overheadBytes = await overhead(clip, variant, format)
  const bed = await open(clip, variant, format)
  const own = pusher(bed, clip)
  const write = inPlacePass(bed, clip, own)
  const { frames, bytes } = clip
  return {
    engine: `skyrill-${variant}`,
    overheadBytes,
    batch: () =>
      row === 'copied'
        ? timedPasses(own.push, frames.length, bytes)
        : timedDifference(own.push, write, frames.length, bytes),
  }
}

/** The scan for start codes alone. */
export const skyrillScanner = async (
  clip: Clip,
  variant: Variant,
  row: Row,
): Promise<Contender> => {
  const { core, bytes, addresses } = await open(clip, variant, 'ts')
  const { frames } = clip
  const pass = (): void => {
    let units = 0
    for (let i = 0; i < frames.length; i++) {
      const { data } = frames[i]!
      const address = addresses[i]!
      if (row === 'copied') bytes.set(data, address)
      units += core.count_nal_units(address, data.length)
    }
    consume(units)
  }
  return {
    engine: `skyrill-${variant}`,
    overheadBytes: 0,
    batch: () => timedPasses(pass, frames.length, clip.bytes),
  }
}

/** Bytes by which the host's heap grows while it pushes a million frames. */
export const heapGrowthPerMillion = async (
  clip: Clip,
  format: Format,
  heapBytes: () => number,
): Promise<number> => {
  const { push } = pusher(await open(clip, 'simd', format), clip)
  const passes = Math.ceil(1e6 / clip.frames.length)
  // a short run first: what the engine compiles is not growth
  for (let i = 0; i < 20; i++) push()
  const before = heapBytes()
  for (let i = 0; i < passes; i++) push()
  return Math.round(((heapBytes() - before) * 1e6) / (passes * clip.frames.length))
}
