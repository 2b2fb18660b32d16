import { type Camera, channelPath } from '../api/api.ts'
import { queryText } from '../api/request.ts'
import { t } from '../i18n/index.ts'
import { dropFfmpeg, openFfmpeg } from './ffmpeg.ts'
import { type ByteRange, joinRanges, type Part, partsOf } from './segments.ts'

/** All of it is held in memory, twice. */
export const CLIP_MAX_MS = 60_000
/** A picture that ffmpeg in one thread encodes in bearable time. */
const CONVERTED_WIDTH_PX = 960
const LOG_LINES = 4

export type ClipStage = 'load' | 'fetch' | 'write'
export type ClipOptions = {
  fromMs: number
  toMs: number
  /** H.264 instead of what was recorded */
  isConverted: boolean
  progress(stage: ClipStage, ratio: number): void
  signal: AbortSignal
}
export type Clip = { blob: Blob; startMs: number }

const fetchRange = async (
  { url, offset, bytes }: ByteRange,
  signal: AbortSignal,
): Promise<Uint8Array> => {
  const headers = { Range: `bytes=${offset}-${offset + bytes - 1}` }
  const answer = await fetch(url, { headers, signal })
  if (!answer.ok) throw new Error(t('fault.status', { status: answer.status }))
  return new Uint8Array(await answer.arrayBuffer())
}

/** The bytes of a part as one file. */
const fetchPart = async (
  { init, pieces }: Part,
  signal: AbortSignal,
  got: (bytes: number) => void,
): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  for (const range of joinRanges(init ? [init, ...pieces] : pieces)) {
    const chunk = await fetchRange(range, signal)
    chunks.push(chunk)
    got(chunk.length)
  }
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer())
}

const sizeOf = (parts: readonly Part[]): number =>
  parts.flatMap(({ pieces }) => pieces).reduce((sum, { bytes }) => sum + bytes, 0)

/** How the range is cut out: a copy begins at the picture before it from which it can be decoded. */
const outputArgs = (fromMs: number, toMs: number, startMs: number, isConverted: boolean) => {
  const skipS = Math.max(0, fromMs - startMs) / 1000
  const seconds = String((toMs - Math.max(fromMs, startMs)) / 1000)
  if (!isConverted)
    return ['-t', String((toMs - startMs) / 1000), '-c', 'copy', '-movflags', '+faststart']
  return [
    ...['-ss', String(skipS), '-t', seconds],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '26', '-pix_fmt', 'yuv420p'],
    ...['-vf', `scale=w='min(${CONVERTED_WIDTH_PX},iw)':h=-2`],
    ...['-c:a', 'copy', '-movflags', '+faststart'],
  ]
}

/** Makes an MP4 of a range in the page: fetches what was recorded and has ffmpeg write it anew. */
export const makeClip = async (camera: Camera, options: ClipOptions): Promise<Clip> => {
  const { fromMs, toMs, isConverted, progress, signal } = options
  progress('load', 0)
  const ffmpeg = await openFfmpeg()
  signal.throwIfAborted()
  const query = queryText({ from: Math.floor(fromMs), to: Math.ceil(toMs) })
  const base = new URL(`${channelPath(camera)}/playlist.m3u8${query}`, location.href).href
  const answer = await fetch(base, { signal })
  if (!answer.ok) throw new Error(t('fault.status', { status: answer.status }))
  const parts = partsOf(await answer.text(), base)
  const first = parts[0]
  if (!first) throw new Error(t('stage.nothing-after'))

  const total = sizeOf(parts)
  let done = 0
  const names: string[] = []
  for (const part of parts) {
    const bytes = await fetchPart(part, signal, (count) => {
      done += count
      progress('fetch', Math.min(1, done / total))
    })
    const name = `part${names.length}.${part.init ? 'mp4' : 'ts'}`
    await ffmpeg.writeFile(name, bytes)
    names.push(name)
  }
  await ffmpeg.writeFile('list.txt', names.map((name) => `file '${name}'\n`).join(''))

  const log: string[] = []
  const onLog = ({ message }: { message: string }) => {
    log.push(message)
    // of the time that it has written, as its own ratio is of the whole input
    const written = /time=(\d+):(\d+):([\d.]+)/.exec(message)
    if (!written) return
    const [, h, m, s] = written.map(Number) as [number, number, number, number]
    progress('write', Math.min(1, ((h * 60 + m) * 60 + s) / ((toMs - fromMs) / 1000)))
  }
  // what runs in the worker can only be ended with it
  const onAbort = () => void dropFfmpeg()
  signal.addEventListener('abort', onAbort)
  ffmpeg.on('log', onLog)
  try {
    progress('write', 0)
    const input = ['-f', 'concat', '-safe', '0', '-i', 'list.txt']
    const output = outputArgs(fromMs, toMs, first.startMs, isConverted)
    const status = await ffmpeg.exec([...input, ...output, 'clip.mp4'])
    if (status !== 0) throw new Error(t('clip.failed', { reason: log.slice(-LOG_LINES).join(' ') }))
    const bytes = (await ffmpeg.readFile('clip.mp4')) as Uint8Array
    const startMs = isConverted ? Math.max(fromMs, first.startMs) : first.startMs
    return { blob: new Blob([bytes as BlobPart], { type: 'video/mp4' }), startMs }
  } finally {
    signal.removeEventListener('abort', onAbort)
    ffmpeg.off('log', onLog)
    if (!signal.aborted)
      for (const name of [...names, 'list.txt', 'clip.mp4'])
        await ffmpeg.deleteFile(name).catch(() => {})
  }
}
