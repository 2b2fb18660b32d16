import Hls, { Events } from 'hls.js/light'
import { type Camera, playlistUrl } from '../api/api.ts'

/** The GOP of a moment is all that is loaded. */
const RANGE_MS = 500
const TIMEOUT_MS = 8000
/** Before a GOP's last picture: a seek to its very end shows nothing. */
const END_S = 0.08
const BLANKS_MAX = 8
const BLANK_MS = 60

const drawn = (video: HTMLVideoElement, width: number): HTMLCanvasElement => {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = Math.round((width * video.videoHeight) / video.videoWidth)
  canvas.getContext('2d')?.drawImage(video, 0, 0, canvas.width, canvas.height)
  return canvas
}

/** Nothing was drawn: the decoder has a picture, but the element has none to give yet. */
const isBlank = (canvas: HTMLCanvasElement): boolean => {
  const data = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data
  return data?.every((value, at) => at % 4 === 3 || value === 0) ?? true
}

/** A small picture of what a video shows now, if it shows any. */
export const grabShown = (video: HTMLVideoElement, width: number): HTMLCanvasElement | undefined =>
  video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && video.videoWidth > 0
    ? drawn(video, width)
    : undefined

/**
 * The picture of a moment, decoded by a player that nobody sees. Undefined when nothing was recorded then, when this
 * browser cannot decode it, or when something newer is wanted.
 */
export const grabFrame = (
  camera: Camera,
  utcMs: number,
  width: number,
  signal?: AbortSignal,
): Promise<HTMLCanvasElement | undefined> =>
  new Promise((resolve) => {
    const video = document.createElement('video')
    video.muted = true
    // one GOP is transmuxed sooner than a worker starts
    const hls = new Hls({ enableWorker: false, startPosition: 0, maxBufferLength: 1 })
    const finish = (picture?: HTMLCanvasElement): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      hls.destroy()
      video.removeAttribute('src')
      resolve(picture)
    }
    const onAbort = (): void => finish()
    const timer = setTimeout(finish, TIMEOUT_MS)
    signal?.addEventListener('abort', onAbort)
    /** A picture that is black to the last pixel is looked at again, and at last believed. */
    const draw = (tries: number): void => {
      if (video.videoWidth === 0) return
      const picture = drawn(video, width)
      if (tries > 0 && isBlank(picture)) setTimeout(() => draw(tries - 1), BLANK_MS)
      else finish(picture)
    }
    let targetS = 0
    let isAimed = false
    hls.on(Events.ERROR, (_, { fatal }) => {
      if (fatal) finish()
    })
    hls.on(Events.LEVEL_LOADED, (_, { details }) => {
      const first = details.fragments[0]
      if (!first?.programDateTime) return
      const intoS = (utcMs - first.programDateTime) / 1000
      targetS = first.start + Math.min(Math.max(0, intoS), Math.max(0, first.duration - END_S))
    })
    hls.on(Events.BUFFER_APPENDED, (_, { type }) => {
      if (type === 'audio' || isAimed || video.buffered.length === 0) return
      isAimed = true
      video.addEventListener('seeked', () => {
        if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) draw(BLANKS_MAX)
        else video.addEventListener('canplay', () => draw(BLANKS_MAX), { once: true })
      })
      video.currentTime = Math.max(targetS, video.buffered.start(0))
    })
    hls.attachMedia(video)
    hls.loadSource(playlistUrl(camera, { fromMs: utcMs, toMs: utcMs + RANGE_MS }))
  })
