/** POSIX ustar, what any `tar` reads. Spec: IEEE Std 1003.1-1988, "ustar Interchange Format" (pax in 1003.1-2001, 4.100.13.06). */
const BLOCK = 512
const NAME_BYTES = 100
const PREFIX_BYTES = 155
const SIZE_MAX = 8 ** 11 - 1

export class TarError extends Error {}

/** A long name is split at a slash between its two fields. */
const splitName = (name: string): { name: string; prefix: string } => {
  if (name.length <= NAME_BYTES) return { name, prefix: '' }
  const at = name.lastIndexOf('/', PREFIX_BYTES)
  const rest = name.slice(at + 1)
  if (at < 1 || rest.length > NAME_BYTES) throw new TarError(`the name is too long: ${name}`)
  return { name: rest, prefix: name.slice(0, at) }
}

const checksum = (header: Uint8Array): number => {
  let sum = 0
  // the checksum's own field counts as blanks
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 0x20 : header[at]!
  return sum
}

/** Header of a file. Names are ASCII: keys and table names are. */
export const tarHeader = (path: string, bytes: number, mtimeS: number): Uint8Array => {
  if (bytes > SIZE_MAX) throw new TarError(`${path} is too large`)
  const { name, prefix } = splitName(path)
  const header = Buffer.alloc(BLOCK)
  header.write(name, 0, 'latin1')
  header.write('0000600\0', 100, 'latin1')
  header.write('0000000\0', 108, 'latin1')
  header.write('0000000\0', 116, 'latin1')
  header.write(`${bytes.toString(8).padStart(11, '0')}\0`, 124, 'latin1')
  header.write(`${mtimeS.toString(8).padStart(11, '0')}\0`, 136, 'latin1')
  header.write('0', 156, 'latin1')
  header.write('ustar\x0000', 257, 'latin1')
  header.write(prefix, 345, 'latin1')
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}

/** Zeros after a file, up to the next block. */
export const tarPadding = (bytes: number): Uint8Array =>
  new Uint8Array((BLOCK - (bytes % BLOCK)) % BLOCK)

/** Two blocks of zeros. */
export const TAR_END = new Uint8Array(2 * BLOCK)

const field = (header: Buffer, at: number, bytes: number): string => {
  const text = header.toString('latin1', at, at + bytes)
  const end = text.indexOf('\0')
  return end < 0 ? text : text.slice(0, end)
}

const octal = (header: Buffer, at: number, bytes: number): number => {
  const text = field(header, at, bytes).trim()
  if (!/^[0-7]+$/.test(text)) throw new TarError('a header is damaged')
  return Number.parseInt(text, 8)
}

/** Name and length of the file that a header begins, or undefined for the end. */
export const parseTarHeader = (block: Uint8Array): { path: string; bytes: number } | undefined => {
  const header = Buffer.from(block.buffer, block.byteOffset, BLOCK)
  if (header.every((byte) => byte === 0)) return undefined
  if (octal(header, 148, 8) !== checksum(header)) throw new TarError('a header is damaged')
  if (header.toString('latin1', 257, 262) !== 'ustar') throw new TarError('not a ustar archive')
  const prefix = field(header, 345, PREFIX_BYTES)
  const name = field(header, 0, NAME_BYTES)
  return { path: prefix === '' ? name : `${prefix}/${name}`, bytes: octal(header, 124, 12) }
}

export const tarBlocks = (bytes: number): number => Math.ceil(bytes / BLOCK) * BLOCK
export const TAR_BLOCK = BLOCK
