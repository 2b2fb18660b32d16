import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto'
import type { SliceEncryption } from '../mqtt/messages.ts'
import { AES_BLOCK, ivPlus } from './aes-cbc.ts'
import type { CheckedEncryption } from './options.ts'

/** Slices whose bytes may still be in a ring or on their way, with room to spare: the core's table has 64. */
const KEPT = 128

type SliceKey = {
  key: Uint8Array
  iv: Uint8Array
  told: Pick<SliceEncryption, 'key' | 'wrappedKey'>
}

/** A key of its own for each slice, made when it is first needed, and what is told of it to those who may decrypt. */
export class SliceKeys {
  readonly #wrap: (key: Uint8Array) => SliceKey['told']
  readonly #slices = new Map<number, SliceKey>()

  constructor(encryption: CheckedEncryption) {
    if (encryption.mode === 'cloud') {
      this.#wrap = (key) => ({ key: Buffer.from(key).toString('hex') })
      return
    }
    const owner = createPublicKey(encryption.publicKey)
    // Spec: RFC 8017 7.1, RSAES-OAEP
    const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
    this.#wrap = (key) => ({
      wrappedKey: publicEncrypt({ key: owner, ...padding }, key).toString('base64'),
    })
  }

  #of(slice: number): SliceKey {
    let known = this.#slices.get(slice)
    if (!known) {
      const key = randomBytes(AES_BLOCK)
      const iv = randomBytes(AES_BLOCK)
      // counting up never carries beyond the lower half: a shell can do it (docs/RECOVERY.md)
      iv[AES_BLOCK / 2]! &= 0x7f
      known = { key, iv, told: this.#wrap(key) }
      this.#slices.set(slice, known)
      this.#slices.delete(slice - KEPT)
    }
    return known
  }

  key(slice: number): Uint8Array {
    return this.#of(slice).key
  }

  /** Units are numbered through, so that the IV of each is one greater than that of the unit before. */
  iv(slice: number, unit: number): Uint8Array {
    return ivPlus(this.#of(slice).iv, unit)
  }

  /** What an upload that begins with a unit tells. */
  encryption(slice: number, unit: number): SliceEncryption {
    return {
      method: 'AES-128',
      iv: Buffer.from(this.iv(slice, unit)).toString('hex'),
      ...this.#of(slice).told,
    }
  }
}
