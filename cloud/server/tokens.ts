import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const TOKEN_BYTES = 32
/** 128 bits: nobody guesses one, and a playlist has thousands of them. */
const TAG_BYTES = 16

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Whether two texts are the same; takes the same time wherever they differ, and whatever their lengths. */
export const sameText = (a: string, b: string): boolean => timingSafeEqual(sha256(a), sha256(b))

export const randomToken = (): string => randomBytes(TOKEN_BYTES).toString('base64url')

/** A token that is kept in the data folder: made on the first start, readable by its owner only. */
export const storedToken = (folder: string, name: string): { token: string; isNew: boolean } => {
  const path = join(folder, name)
  if (existsSync(path)) return { token: readFileSync(path, 'utf8').trim(), isNew: false }
  const token = randomToken()
  writeFileSync(path, `${token}\n`, { mode: 0o600 })
  return { token, isNew: true }
}

/**
 * Signs short JSON values: `base64url(JSON).base64url(HMAC-SHA256)`. The purpose is part of what is signed, so that a
 * token for one purpose is worth nothing for another.
 */
export class Signer {
  readonly #key: Buffer

  constructor(signingKey: string) {
    this.#key = sha256(signingKey)
  }

  #mac(purpose: string, body: string): Buffer {
    return createHmac('sha256', this.#key).update(`${purpose}\n${body}`).digest()
  }

  sign(purpose: string, value: unknown): string {
    const body = Buffer.from(JSON.stringify(value)).toString('base64url')
    return `${body}.${this.#mac(purpose, body).toString('base64url')}`
  }

  /** Short proof that this key has seen a text for this purpose, where the text itself is known from elsewhere. */
  tag(purpose: string, text: string): string {
    return this.#mac(purpose, text).subarray(0, TAG_BYTES).toString('base64url')
  }

  checkTag(purpose: string, text: string, tag: string): boolean {
    return sameText(this.tag(purpose, text), tag)
  }

  /** The value, or undefined when the token is not one that this key signed for this purpose. */
  verify(purpose: string, token: string): unknown {
    const [body, mac, rest] = token.split('.')
    if (!body || !mac || rest !== undefined) return undefined
    const given = Buffer.from(mac, 'base64url')
    const wanted = this.#mac(purpose, body)
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined
    try {
      return JSON.parse(Buffer.from(body, 'base64url').toString('utf8'))
    } catch {
      return undefined
    }
  }
}
