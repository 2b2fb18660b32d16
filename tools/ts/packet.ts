/** Spec: 13818-1 2.4.3.2. */
export const TS_PACKET_BYTES = 188
export const SYNC_BYTE = 0x47
export const PID_PAT = 0
export const PID_NULL = 0x1fff
const HEADER_BYTES = 4
/** The program clock reference counts 27 MHz. Spec: 13818-1 2.4.2.2 */
export const PCR_HZ = 27_000_000

export type AdaptationField = {
  /** adaptation_field_length: bytes behind the length byte */
  length: number
  discontinuity: boolean
  randomAccess: boolean
  /** 27 MHz ticks, undefined without PCR_flag */
  pcr?: number
  pcrExtension: number
  pcrReserved: number
  /** fields that the flags announce do not fit into `length` */
  overrun: boolean
  /** every stuffing byte is 0xFF */
  stuffingOk: boolean
}

export type TsPacket = {
  offset: number
  syncOk: boolean
  transportError: boolean
  unitStart: boolean
  pid: number
  scrambling: number
  /** adaptation_field_control: 1 payload, 2 adaptation field, 3 both, 0 reserved */
  control: number
  continuity: number
  adaptation?: AdaptationField
  payload: Uint8Array
}

/** Spec: 13818-1 2.4.3.4 and 2.4.3.5. */
const parseAdaptation = (bytes: Uint8Array, at: number, packetEnd: number): AdaptationField => {
  const length = bytes[at]!
  const end = Math.min(at + 1 + length, packetEnd)
  const field: AdaptationField = {
    length,
    discontinuity: false,
    randomAccess: false,
    pcrExtension: 0,
    pcrReserved: 0x3f,
    overrun: false,
    stuffingOk: true,
  }
  if (length === 0) return field
  let p = at + 1
  const flags = bytes[p++]!
  field.discontinuity = (flags & 0x80) !== 0
  field.randomAccess = (flags & 0x40) !== 0
  if ((flags & 0x10) !== 0) {
    if (p + 6 <= end) {
      const base =
        bytes[p]! * 2 ** 25 +
        (bytes[p + 1]! << 17) +
        (bytes[p + 2]! << 9) +
        (bytes[p + 3]! << 1) +
        (bytes[p + 4]! >> 7)
      field.pcrReserved = (bytes[p + 4]! >> 1) & 0x3f
      field.pcrExtension = ((bytes[p + 4]! & 1) << 8) | bytes[p + 5]!
      field.pcr = base * 300 + field.pcrExtension
    }
    p += 6
  }
  if ((flags & 0x08) !== 0) p += 6 // OPCR
  if ((flags & 0x04) !== 0) p += 1 // splice_countdown
  if ((flags & 0x02) !== 0) p += 1 + (p < end ? bytes[p]! : 0) // private data
  if ((flags & 0x01) !== 0) p += 1 + (p < end ? bytes[p]! : 0) // extension
  field.overrun = p > end
  for (; p < end; p++) if (bytes[p] !== 0xff) field.stuffingOk = false
  return field
}

/** One packet at `at`; what it says is returned, not judged. Spec: 13818-1 2.4.3.2. */
export const parsePacket = (bytes: Uint8Array, at: number, offset: number): TsPacket => {
  const end = at + TS_PACKET_BYTES
  const control = (bytes[at + 3]! >> 4) & 3
  let payloadAt = at + HEADER_BYTES
  let adaptation: AdaptationField | undefined
  if ((control & 2) !== 0) {
    adaptation = parseAdaptation(bytes, payloadAt, end)
    payloadAt = Math.min(payloadAt + 1 + adaptation.length, end)
  }
  return {
    offset,
    syncOk: bytes[at] === SYNC_BYTE,
    transportError: (bytes[at + 1]! & 0x80) !== 0,
    unitStart: (bytes[at + 1]! & 0x40) !== 0,
    pid: ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!,
    scrambling: bytes[at + 3]! >> 6,
    control,
    continuity: bytes[at + 3]! & 15,
    ...(adaptation === undefined ? {} : { adaptation }),
    payload: (control & 1) !== 0 ? bytes.subarray(payloadAt, end) : bytes.subarray(end, end),
  }
}
