import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/**
 * scrypt parameters of new hashes: 32 MiB of memory and three passes for each guess. Older hashes keep theirs, since every hash says
 * what made it. Spec: RFC 7914 section 2.
 */
export const LOG2_N = 15
const BLOCK_SIZE = 8
const PARALLELIZATION = 3
const SALT_BYTES = 16
const HASH_BYTES = 32
/** What a stored hash may ask for: a database that somebody else wrote must not take the machine's memory. */
const MEMORY_MAX_BYTES = 256 * 1024 * 1024
/** Hashing has the threads that file access needs too: one at a time, and a queue with an end. */
const WAITING_MAX = 16

export const PASSWORD_MIN = 10
/** Longer ones only make hashing dear. */
export const PASSWORD_MAX = 256

type Parameters = { log2N: number; r: number; p: number }

/** Too many passwords are waiting to be checked. */
export class PasswordQueueFullError extends Error {}

let waiting = 0
let last: Promise<unknown> = Promise.resolve()

const oneAtATime = async <T>(work: () => Promise<T>): Promise<T> => {
  if (waiting >= WAITING_MAX) throw new PasswordQueueFullError('too many logins at once')
  waiting++
  const mine = last.then(work).finally(() => {
    waiting--
  })
  last = mine.catch(() => {})
  return mine
}

const derive = (password: string, salt: Buffer, { log2N, r, p }: Parameters): Promise<Buffer> =>
  oneAtATime(
    () =>
      new Promise((resolve, reject) =>
        // NFKC: the same password typed on another keyboard is the same bytes
        scrypt(
          password.normalize('NFKC'),
          salt,
          HASH_BYTES,
          { N: 2 ** log2N, r, p, maxmem: MEMORY_MAX_BYTES },
          (error, key) => (error ? reject(error) : resolve(key)),
        ),
      ),
  )

const text = ({ log2N, r, p }: Parameters, salt: Buffer, hash: Buffer): string =>
  `$scrypt$ln=${log2N},r=${r},p=${p}$${salt.toString('base64url')}$${hash.toString('base64url')}`

/** `$scrypt$ln=15,r=8,p=3$salt$hash`, the usual text form of password hashes. */
export const hashPassword = async (password: string, log2N = LOG2_N): Promise<string> => {
  const parameters = { log2N, r: BLOCK_SIZE, p: PARALLELIZATION }
  const salt = randomBytes(SALT_BYTES)
  return text(parameters, salt, await derive(password, salt, parameters))
}

const PATTERN = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w-]+)\$([\w-]+)$/

export const verifyPassword = async (password: string, stored: string): Promise<boolean> => {
  const match = PATTERN.exec(stored)
  if (!match) return false
  const [log2N, r, p] = match.slice(1, 4).map(Number) as [number, number, number]
  const salt = Buffer.from(match[4]!, 'base64url')
  const wanted = Buffer.from(match[5]!, 'base64url')
  const given = await derive(password, salt, { log2N, r, p })
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

/** For names that do not exist: checking takes as long as for one that does, and never succeeds. */
export const noPassword = (log2N = LOG2_N): string =>
  text(
    { log2N, r: BLOCK_SIZE, p: PARALLELIZATION },
    Buffer.alloc(SALT_BYTES),
    Buffer.alloc(HASH_BYTES),
  )

/** Whether a hash was made with other parameters than new ones are. */
export const isOutdated = (stored: string, log2N = LOG2_N): boolean =>
  !stored.startsWith(`$scrypt$ln=${log2N},r=${BLOCK_SIZE},p=${PARALLELIZATION}$`)
