import { createHash } from 'node:crypto'
import type { z } from 'zod'
import {
  type AppendIndex,
  appendIndexSchema,
  INDEX_MAX_BYTES,
  type SliceStart,
  sliceStartSchema,
} from '../contract.ts'
import { ApiError, badRequest } from '../errors.ts'
import { faultText } from '../faults.ts'

/** Spec: tus 1.0.0 */
export const TUS_VERSION = '1.0.0'
export const TUS_EXTENSIONS = 'creation,creation-defer-length,checksum'
/** tus asks for sha1 of every server; Skyrill's devices use sha256. */
export const TUS_CHECKSUMS = ['sha256', 'sha1'] as const

const parseJson = <Schema extends z.ZodType>(schema: Schema, text: string, what: string) => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw badRequest(`${what} is not JSON`)
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data as z.output<Schema>
  throw badRequest(`${what}: ${faultText(parsed.error)}`)
}

/** A whole number of bytes, or undefined when the header is absent. */
export const parseBytesHeader = (name: string, value: string | undefined): number | undefined => {
  if (value === undefined) return undefined
  if (!/^\d{1,15}$/.test(value)) throw badRequest(`${name} must be a whole number of bytes`)
  return Number(value)
}

/** The slice that `Upload-Metadata` describes: pairs of key and base64 value, joined by commas. */
export const parseSliceMetadata = (value: string | undefined): SliceStart => {
  for (const pair of (value ?? '').split(',')) {
    const [key, base64, rest] = pair.trim().split(' ')
    if (key !== 'slice' || base64 === undefined || rest !== undefined) continue
    const text = Buffer.from(base64, 'base64').toString('utf8')
    const start = parseJson(sliceStartSchema, text, 'Upload-Metadata "slice"')
    if ((start.format === 'ts') !== (start.initBytes === 0))
      throw badRequest('Upload-Metadata "slice": initBytes is 0 for ts and more for fmp4')
    return start
  }
  throw badRequest('Upload-Metadata needs "slice" with the base64 of the slice as JSON')
}

/** `Skyrill-Index` of an append; a plain tus client sends none. */
export const parseIndexHeader = (value: string | undefined): AppendIndex | undefined => {
  if (value === undefined) return undefined
  if (value.length > INDEX_MAX_BYTES)
    throw badRequest(`Skyrill-Index has ${value.length} bytes, at most ${INDEX_MAX_BYTES}`)
  return parseJson(appendIndexSchema, value, 'Skyrill-Index')
}

/** Checks the body against `Upload-Checksum` where there is one; returns its SHA-256 in base64. */
export const checkBody = (data: Uint8Array, header: string | undefined): string => {
  const sha256 = createHash('sha256').update(data).digest('base64')
  if (header === undefined) return sha256
  const [algorithm, given, rest] = header.split(' ')
  const known = TUS_CHECKSUMS.find((name) => name === algorithm)
  if (!known || !given || rest !== undefined)
    throw badRequest(
      `Upload-Checksum must be one of ${TUS_CHECKSUMS.join(', ')}, a blank, and base64`,
    )
  const wanted = known === 'sha256' ? sha256 : createHash(known).update(data).digest('base64')
  if (given !== wanted)
    throw new ApiError(
      460,
      'checksum_mismatch',
      'the checksum does not fit the body; send it again',
    )
  return sha256
}
