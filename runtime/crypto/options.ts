import { createPublicKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { refuse } from '../faults.ts'

/** Fewer bits are not worth wrapping a key with; more do not fit into an object's metadata. */
const RSA_MIN_BITS = 2048
const RSA_MAX_BITS = 4096

/**
 * Recordings are encrypted before they leave the device. `owner`: only who has the private key can watch them. `cloud`: the cloud has the keys and gives
 * them to viewers; what is stolen from its disks is worthless without its index.
 */
export type EncryptionOptions =
  /** `publicKey`: PEM (SPKI) of an RSA key of 2048 to 4096 bits */
  { mode: 'owner'; publicKey: string } | { mode: 'cloud' }

const rsaKey = (pem: string): KeyObject | undefined => {
  try {
    const key = createPublicKey(pem)
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
    const fits = key.asymmetricKeyType === 'rsa' && bits >= RSA_MIN_BITS && bits <= RSA_MAX_BITS
    return fits ? key : undefined
  } catch {
    return undefined
  }
}

export const encryptionSchema = z.discriminatedUnion('mode', [
  z.object({
    mode: z.literal('owner'),
    publicKey: z.string().refine(
      // a private key would do too, and has no business on a device
      (pem) => !pem.includes('PRIVATE') && rsaKey(pem) !== undefined,
      `must be the PEM of an RSA public key of ${RSA_MIN_BITS} to ${RSA_MAX_BITS} bits`,
    ),
  }),
  z.object({ mode: z.literal('cloud') }, refuse("must have mode 'owner' or 'cloud'")),
])
export type CheckedEncryption = z.infer<typeof encryptionSchema>
