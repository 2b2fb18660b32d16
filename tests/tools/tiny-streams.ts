/**
 * The smallest H.264, H.265 and AAC streams that the checks can be run on, put together bit by bit: 16x16 pictures whose
 * slice data means nothing. They are made here, not by an encoder or our muxers, so that the checks have a judge of their own.
 */
import { Buffer } from 'node:buffer'

/** MSB-first bit writer. */
export class Bits {
  #bits: number[] = []

  u(count: number, value: number): this {
    for (let i = count - 1; i >= 0; i--) this.#bits.push(Math.floor(value / 2 ** i) % 2)
    return this
  }

  ue(value: number): this {
    const length = Math.floor(Math.log2(value + 1))
    return this.u(length, 0).u(length + 1, value + 1)
  }

  se(value: number): this {
    return this.ue(value > 0 ? 2 * value - 1 : -2 * value)
  }

  /** Bytes without any trailing bits: the number of bits must be a multiple of 8, or is filled with zeros. */
  bytes(): Buffer {
    const bits = [...this.#bits]
    while (bits.length % 8 !== 0) bits.push(0)
    const bytes = Buffer.alloc(bits.length / 8)
    bits.forEach((bit, i) => {
      bytes[i >> 3]! |= bit << (7 - (i & 7))
    })
    return bytes
  }

  /** rbsp_trailing_bits, then bytes. */
  rbsp(): Buffer {
    return this.u(1, 1).bytes()
  }
}

/** Slice data that means nothing and holds no start code. */
const slicePayload = (length: number, seed: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, i) => 0x55 + ((seed * 31 + i * 7) % 0x80)))

const withPayload = (header: Bits, length: number, seed: number): Buffer =>
  Buffer.concat([header.u(1, 1).bytes(), slicePayload(length, seed)])

export type SliceOptions = {
  type?: number
  idr?: boolean
  firstMb?: number
  ppsId?: number
  frameNum?: number
  bytes?: number
}

export const h264 = {
  aud: (type = 7): Buffer => Buffer.from([0x09, (type << 5) | 0x10]),
  sps: (widthMbs = 1, profile = 66): Buffer => {
    const b = new Bits().u(8, 0x67).u(8, profile).u(8, 0xc0).u(8, 10).ue(0)
    if (profile === 100) b.ue(1).ue(0).ue(0).u(1, 0).u(1, 0)
    b.ue(0)
      .ue(2)
      .ue(1)
      .u(1, 0)
      .ue(widthMbs - 1)
      .ue(0)
      .u(1, 1)
      .u(1, 1)
      .u(1, 0)
      .u(1, 0)
    return b.rbsp()
  },
  pps: (id = 0): Buffer =>
    new Bits()
      .u(8, 0x68)
      .ue(id)
      .ue(0)
      .u(2, 0)
      .ue(0)
      .ue(0)
      .ue(0)
      .u(3, 0)
      .se(0)
      .se(0)
      .se(0)
      .u(3, 0)
      .rbsp(),
  /** slice_type 7 is I, 5 P, 6 B */
  slice: (o: SliceOptions = {}): Buffer => {
    const idr = o.idr ?? false
    const b = new Bits()
      .u(8, idr ? 0x65 : 0x41)
      .ue(o.firstMb ?? 0)
      .ue(o.type ?? (idr ? 7 : 5))
      .ue(o.ppsId ?? 0)
      .u(4, o.frameNum ?? 0)
    if (idr) b.ue(0)
    return withPayload(b, o.bytes ?? 60, o.frameNum ?? 0)
  },
}

export const h265 = {
  aud: (type = 2): Buffer => Buffer.from([0x46, 0x01, (type << 5) | 0x10]),
  vps: (): Buffer =>
    Buffer.concat([
      Buffer.from([0x40, 0x01, 0x0c, 0x01, 0xff, 0xff]),
      Buffer.from('016000000300000300000300000300', 'hex').subarray(0, 12),
      Buffer.from([0x1e, 0x80]),
    ]),
  sps: (ctbs = 1, profileIdc = 1): Buffer => {
    const b = new Bits().u(16, 0x4201).u(4, 0).u(3, 0).u(1, 1)
    // constraint flags without zero runs, so that no emulation prevention is needed
    b.u(2, 0).u(1, 0).u(5, profileIdc).u(32, 0x60123456).u(24, 0x901122).u(24, 0x334455).u(8, 30)
    b.ue(0)
      .ue(1)
      .ue(16 * ctbs)
      .ue(16)
      .u(1, 0)
      .ue(0)
      .ue(0)
      .ue(0)
      .u(1, 1)
      .ue(1)
      .ue(0)
      .ue(0)
    b.ue(0)
      .ue(1)
      .ue(0)
      .ue(1)
      .ue(0)
      .ue(0)
      .u(1, 0)
      .u(1, 0)
      .u(1, 0)
      .u(1, 0)
      .ue(0)
      .u(1, 0)
      .u(2, 0)
      .u(1, 0)
    return b.u(1, 0).rbsp()
  },
  pps: (id = 0): Buffer => new Bits().u(16, 0x4401).ue(id).ue(0).u(7, 0).u(24, 0x924924).rbsp(),
  /** nal types: 1 TRAIL_R, 19 IDR_W_RADL, 21 CRA, 9 RASL_R; slice_type 2 is I, 1 P, 0 B */
  slice: (o: SliceOptions & { nal?: number; first?: boolean } = {}): Buffer => {
    const nal = o.nal ?? (o.idr ? 19 : 1)
    const irap = nal >= 16 && nal <= 23
    const b = new Bits()
      .u(8, nal << 1)
      .u(8, 1)
      .u(1, o.first === false ? 0 : 1)
    if (irap) b.u(1, 0)
    b.ue(o.ppsId ?? 0)
    b.ue(o.type ?? (irap ? 2 : 1))
    return withPayload(b, o.bytes ?? 60, o.frameNum ?? 0)
  },
}

/** NAL units of `count` pictures, a key picture with its parameter sets every `gop`. */
export const tinyVideo = (
  codec: 'h264' | 'h265',
  count: number,
  gop: number,
  aud: boolean,
): Buffer[][] =>
  Array.from({ length: count }, (_, i) => {
    const key = i % gop === 0
    const frameNum = (i % gop) % 16
    if (codec === 'h264')
      return [
        ...(aud ? [h264.aud(key ? 0 : 1)] : []),
        ...(key ? [h264.sps(), h264.pps()] : []),
        h264.slice({ idr: key, frameNum, bytes: key ? 900 : 150 }),
      ]
    return [
      ...(aud ? [h265.aud(key ? 0 : 1)] : []),
      ...(key ? [h265.vps(), h265.sps(), h265.pps()] : []),
      h265.slice({ idr: key, frameNum, bytes: key ? 900 : 150 }),
    ]
  })

export const annexB = (nals: readonly Uint8Array[]): Buffer =>
  Buffer.concat(nals.flatMap((nal, i) => [Buffer.from(i === 0 ? [0, 0, 0, 1] : [0, 0, 1]), nal]))

/** 16 kHz mono AAC LC frame. Spec: 14496-3 1.A.2.2 */
export const adtsFrame = (payload = 40, patch: (bytes: Buffer) => void = () => {}): Buffer => {
  const length = payload + 7
  const bytes = Buffer.concat([
    new Bits()
      .u(12, 0xfff)
      .u(1, 0)
      .u(2, 0)
      .u(1, 1)
      .u(2, 1)
      .u(4, 8)
      .u(1, 0)
      .u(3, 1)
      .u(4, 0)
      .u(13, length)
      .u(11, 0x7ff)
      .u(2, 0)
      .bytes(),
    slicePayload(payload, 3),
  ])
  patch(bytes)
  return bytes
}
