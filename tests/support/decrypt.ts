import { constants, createDecipheriv, privateDecrypt } from 'node:crypto'
import type { Piece, SliceEncryption } from '../../runtime/mqtt/messages.ts'

/** The key of a slice: as it was told, or unwrapped by its owner. */
export const sliceKey = ({ key, wrappedKey }: SliceEncryption, privateKey?: string): Buffer =>
  key !== undefined
    ? Buffer.from(key, 'hex')
    : privateDecrypt(
        { key: privateKey!, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
        Buffer.from(wrappedKey!, 'base64'),
      )

/** IV of a slice's piece, by its number. */
export const pieceIv = (iv: string, piece: number): Buffer => {
  const sum = (BigInt(`0x${iv}`) + BigInt(piece)) % (1n << 128n)
  return Buffer.from(sum.toString(16).padStart(32, '0'), 'hex')
}

/** A slice's file without its encryption: the clear beginning, then each piece. */
export const decryptSlice = (
  bytes: Buffer,
  initBytes: number,
  pieces: readonly Piece[],
  encryption: SliceEncryption,
  privateKey?: string,
): Buffer => {
  const key = sliceKey(encryption, privateKey)
  const plain = pieces.map(({ o, b }, at) => {
    const decipher = createDecipheriv('aes-128-cbc', key, pieceIv(encryption.iv, at))
    return Buffer.concat([decipher.update(bytes.subarray(o, o + b)), decipher.final()])
  })
  return Buffer.concat([bytes.subarray(0, initBytes), ...plain])
}
