import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { InputError } from './usage-error.ts'

const CHUNK_BYTES = 256 * 1024

const open = (path: string): number => {
  try {
    const file = openSync(path, 'r')
    if (!fstatSync(file).isDirectory()) return file
    closeSync(file)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw new InputError(
      code === 'ENOENT' ? `${path}: no such file` : `${path}: cannot be read (${code})`,
    )
  }
  throw new InputError(`${path}: is a folder`)
}

/**
 * A file's bytes in pieces; each piece is valid until the next is asked for.
 * @param buffer what the pieces are read into; for files that are read again and again, which otherwise leave one each time
 */
export function* fileChunks(
  path: string,
  buffer: Uint8Array = new Uint8Array(CHUNK_BYTES),
): Generator<Uint8Array> {
  const file = open(path)
  try {
    for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer))
      yield buffer.subarray(0, length)
  } finally {
    closeSync(file)
  }
}

/** The first bytes of a file, for telling its type. */
export const fileHead = (path: string, bytes: number): Uint8Array => {
  const file = open(path)
  try {
    const buffer = new Uint8Array(bytes)
    return buffer.subarray(0, readSync(file, buffer))
  } finally {
    closeSync(file)
  }
}
