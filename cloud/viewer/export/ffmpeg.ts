import { FFmpeg } from '@ffmpeg/ffmpeg'
import { t } from '../i18n/index.ts'

/** All from the server that the page came from; see cloud/server/routes/ffmpeg.ts. */
const WORKER_URL = '/ffmpeg/worker.js'
const CORE_URL = '/ffmpeg/core.js'
const WASM_URL = '/ffmpeg/core.wasm'

let loaded: Promise<FFmpeg> | undefined

const load = async (): Promise<FFmpeg> => {
  const there = await fetch(CORE_URL, { method: 'HEAD' })
  if (!there.ok) throw new Error(t('clip.missing'))
  const ffmpeg = new FFmpeg()
  const at = (path: string) => new URL(path, location.origin).href
  await ffmpeg.load({
    classWorkerURL: at(WORKER_URL),
    coreURL: at(CORE_URL),
    wasmURL: at(WASM_URL),
  })
  return ffmpeg
}

/** ffmpeg in a worker: loaded when it is first needed, then kept. */
export const openFfmpeg = (): Promise<FFmpeg> => {
  loaded ??= load().catch((error) => {
    loaded = undefined
    throw error
  })
  return loaded
}

/** Ends ffmpeg with whatever it does; the next one starts anew. */
export const dropFfmpeg = async (): Promise<void> => {
  const ffmpeg = await loaded?.catch(() => undefined)
  loaded = undefined
  ffmpeg?.terminate()
}
