import { createCipheriv } from 'node:crypto'

/** Spec: FIPS 197: the block of AES is 128 bits. */
export const AES_BLOCK = 16

/** PKCS#7 always pads, a whole block when the last one is full. Spec: RFC 5652 6.3. */
export const cipherLength = (plainLength: number): number =>
  plainLength === 0 ? 0 : wholeBlocks(plainLength) + AES_BLOCK

/** Length of the blocks that are full. */
export const wholeBlocks = (length: number): number => length - (length % AES_BLOCK)

/** An IV so many greater, as a 128-bit big-endian number. */
export const ivPlus = (iv: Uint8Array, count: number): Uint8Array => {
  const sum = Uint8Array.from(iv)
  let carry = count
  for (let at = AES_BLOCK - 1; at >= 0 && carry > 0; at--) {
    const value = sum[at]! + (carry % 256)
    sum[at] = value
    carry = Math.floor(carry / 256) + (value > 255 ? 1 : 0)
  }
  return sum
}

/**
 * CBC from any block on: `chain` is the ciphertext block before, or the IV. With `pads` the plain bytes are the last ones of their unit; without, they
 * must be whole blocks. Spec: NIST SP 800-38A 6.2.
 */
export const encryptBlocks = (
  key: Uint8Array,
  chain: Uint8Array,
  plain: readonly Uint8Array[],
  pads: boolean,
): Buffer => {
  const cipher = createCipheriv('aes-128-cbc', key, chain)
  cipher.setAutoPadding(pads)
  const parts = plain.map((view) => cipher.update(view))
  parts.push(cipher.final())
  return Buffer.concat(parts)
}
