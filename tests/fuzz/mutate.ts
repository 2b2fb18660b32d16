/** Mutations of byte strings: what damaged streams and hostile input look like. */
export type Random = () => number

export const integer = (rng: Random, limit: number): number => Math.floor(rng() * limit)
export const pick = <T>(rng: Random, items: readonly T[]): T => items[integer(rng, items.length)]!

const INTERESTING = [0, 1, 2, 3, 0x40, 0x42, 0x44, 0x65, 0x67, 0x68, 0x7f, 0x80, 0xff]

/** One to four of: flip a bit, set a byte, cut, double a part, drop a part, insert start codes, insert noise. */
export const mutate = (rng: Random, input: Uint8Array): Uint8Array => {
  let bytes: Uint8Array = input.slice()
  for (let times = 1 + integer(rng, 4); times > 0; times--) {
    const at = integer(rng, bytes.length + 1)
    const span = integer(rng, 12)
    switch (integer(rng, 7)) {
      case 0:
        if (at < bytes.length) bytes[at]! ^= 1 << integer(rng, 8)
        break
      case 1:
        if (at < bytes.length) bytes[at] = pick(rng, INTERESTING)
        break
      case 2:
        bytes = bytes.slice(0, at)
        break
      case 3:
        bytes = join(bytes.subarray(0, at), bytes.subarray(at, at + span), bytes.subarray(at))
        break
      case 4:
        bytes = join(bytes.subarray(0, at), bytes.subarray(at + span))
        break
      case 5:
        bytes = join(
          bytes.subarray(0, at),
          Uint8Array.of(0, 0, 0, 1).subarray(integer(rng, 2)),
          bytes.subarray(at),
        )
        break
      default:
        bytes = join(bytes.subarray(0, at), noise(rng, span), bytes.subarray(at))
    }
  }
  return bytes
}

export const noise = (rng: Random, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => integer(rng, 256))

const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts))
