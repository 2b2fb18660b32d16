// Stands in for a camera's encoders.
import { readFileSync } from 'node:fs'

export const FPS = 25

/** Pictures of a raw H.264 stream in which each begins with an access unit delimiter. Spec: H.264 7.3.2.4. */
export const readPictures = (path) => {
  const bytes = readFileSync(path)
  const delimiter = Buffer.from([0, 0, 0, 1, 9])
  const idr = Buffer.from([0, 0, 1, 0x65])
  const pictures = []
  for (let at = bytes.indexOf(delimiter); at >= 0; ) {
    const next = bytes.indexOf(delimiter, at + delimiter.length)
    const data = bytes.subarray(at, next < 0 ? bytes.length : next)
    pictures.push({ data, key: data.includes(idr) })
    at = next
  }
  return pictures
}

/** AAC frames with their headers. Spec: 14496-3 1.A.2.2.1 (aac_frame_length). */
export const readSound = (path) => {
  const bytes = readFileSync(path)
  const frames = []
  for (let at = 0; at + 7 <= bytes.length; ) {
    const length = ((bytes[at + 3] & 3) << 11) | (bytes[at + 4] << 3) | (bytes[at + 5] >> 5)
    frames.push(bytes.subarray(at, at + length))
    at += length
  }
  return frames
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
