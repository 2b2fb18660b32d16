/** Small streams for tests of behaviour: right syntax, no pictures in them. */
import {
  Core,
  type CoreConfig,
  type CoreOptions,
  FRAME_I,
  FRAME_P,
  statusName,
} from '../../core-wasm/index.ts'
import { annexB } from '../assembly/bit-writer.ts'
import * as h264 from '../assembly/h264/build.ts'
import * as h265 from '../assembly/h265/build.ts'

export const UTC = 1_700_000_000_000

export const idr = (bytes = 400, sps = h264.buildSps()): Uint8Array =>
  annexB([sps, h264.buildPps(), h264.buildSlice({ idr: true, bytes })])
export const bareIdr = (bytes = 400): Uint8Array => annexB([h264.buildSlice({ idr: true, bytes })])
export const p = (bytes = 200, frameNum = 1): Uint8Array =>
  annexB([h264.buildSlice({ bytes, frameNum })])

export const idr265 = (nalType = h265.IDR_W_RADL, bytes = 400): Uint8Array =>
  annexB([h265.buildVps(), h265.buildSps(), h265.buildPps(), h265.buildSegment({ nalType, bytes })])
export const p265 = (bytes = 200): Uint8Array => annexB([h265.buildSegment({ bytes })])

export const openCore = (
  config: Partial<CoreConfig> = {},
  options: CoreOptions = {},
): Promise<Core> => Core.create({ ringBytes: 1 << 18, ...config }, options)

/** Pushes a frame at a time and names what came of it. */
export const push = (core: Core, frame: Uint8Array, ptsMs: number, isKey = false): string =>
  statusName(
    core.copyVideo(frame, ptsMs, UTC + ptsMs, Math.round(ptsMs / 40), isKey ? FRAME_I : FRAME_P),
  ) ?? '?'

/** `count` frames 40 ms apart from `fromMs` on, an IDR every `gop`. Throws at the first refusal. */
export const pushMany = (
  core: Core,
  fromMs: number,
  count: number,
  gop = 25,
  bytes = 200,
): number => {
  let pts = fromMs
  for (let i = 0; i < count; i++, pts += 40) {
    const isKey = i % gop === 0
    const status = push(core, isKey ? idr(bytes * 2) : p(bytes, i % 16), pts, isKey)
    if (status !== 'OK' && !status.startsWith('NOTICE')) throw new Error(`frame ${i}: ${status}`)
  }
  return pts
}
