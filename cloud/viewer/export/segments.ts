/** A run of bytes of a file on the server. */
export type ByteRange = { url: string; offset: number; bytes: number }

/** Pieces whose timestamps go on from one to the next: one file for ffmpeg. */
export type Part = {
  init: ByteRange | undefined
  pieces: ByteRange[]
  /** UTC of its first picture */
  startMs: number
}

const rangeOf = (text: string, url: string): ByteRange => {
  const [bytes, offset] = text.split('@')
  return { url, bytes: Number(bytes), offset: Number(offset) }
}

const attribute = (line: string, name: string): string =>
  new RegExp(`${name}="([^"]*)"`).exec(line)?.[1] ?? ''

/** Parts of a media playlist as this server writes them: byte ranges, with the UTC of each. Spec: RFC 8216 4.3.2 */
export const partsOf = (playlist: string, base: string): Part[] => {
  const parts: Part[] = []
  let init: ByteRange | undefined
  let range = ''
  let startMs = 0
  let isNew = true
  for (const line of playlist.split('\n').map((text) => text.trim())) {
    if (line.startsWith('#EXT-X-MAP:')) {
      const url = new URL(attribute(line, 'URI'), base).href
      init = rangeOf(attribute(line, 'BYTERANGE'), url)
      isNew = true
    } else if (line === '#EXT-X-DISCONTINUITY') isNew = true
    else if (line.startsWith('#EXT-X-BYTERANGE:')) range = line.slice(17)
    else if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) startMs = Date.parse(line.slice(25))
    else if (line !== '' && !line.startsWith('#')) {
      const piece = rangeOf(range, new URL(line, base).href)
      if (isNew) parts.push({ init, pieces: [], startMs })
      parts.at(-1)!.pieces.push(piece)
      isNew = false
    }
  }
  return parts
}

/** Ranges that follow each other in a file, as one. */
export const joinRanges = (ranges: readonly ByteRange[]): ByteRange[] => {
  const joined: ByteRange[] = []
  for (const range of ranges) {
    const last = joined.at(-1)
    if (last && last.url === range.url && last.offset + last.bytes === range.offset)
      last.bytes += range.bytes
    else joined.push({ ...range })
  }
  return joined
}
