import type { Camera, EventInfo } from '../api/api.ts'
import { cameraKey } from '../labels.ts'
import { grabFrame } from '../playback/frame-grabber.ts'
import { momentText, type Zone } from '../time.ts'
import { byId } from '../ui/dom.ts'

const WIDTH_PX = 192
const CACHE_MAX = 80
/** Moments that are this near each other have one picture, in pixels of the strip. */
const SAME_PX = 6
const PAUSE_MS = 60

export type Hover = {
  camera: Camera
  utcMs: number
  x: number
  stripWidth: number
  perPxMs: number
  text: string
  zone: Zone
  isRecorded: boolean
  event: EventInfo | undefined
  eventPicture: HTMLImageElement | undefined
}

/** The small picture over the time line: what was recorded where the pointer is. */
export class Preview {
  readonly #box = byId('preview')
  readonly #canvas = byId<HTMLCanvasElement>('preview-picture')
  readonly #cache = new Map<string, HTMLCanvasElement | undefined>()
  #wanted: Hover | undefined
  #isBusy = false

  show(hover: Hover): void {
    this.#wanted = hover
    this.#box.hidden = false
    byId('preview-time').textContent = momentText(hover.utcMs, hover.zone)
    byId('preview-text').textContent = hover.text
    const half = this.#box.offsetWidth / 2
    const x = Math.min(Math.max(hover.x, half), hover.stripWidth - half)
    this.#box.style.left = `${x}px`
    const known = this.#cache.get(this.#key(hover))
    const picture = known ?? hover.eventPicture
    this.#draw(picture, hover.isRecorded)
    if (hover.isRecorded && !this.#cache.has(this.#key(hover))) void this.#fill()
  }

  hide(): void {
    this.#wanted = undefined
    this.#box.hidden = true
  }

  #key({ camera, utcMs, perPxMs }: Hover): string {
    const stepMs = Math.max(1000, perPxMs * SAME_PX)
    return `${cameraKey(camera)} ${Math.round(stepMs)} ${Math.round(utcMs / stepMs)}`
  }

  #draw(picture: HTMLCanvasElement | HTMLImageElement | undefined, isRecorded: boolean): void {
    this.#canvas.hidden = !isRecorded && !picture
    this.#canvas.classList.toggle('loading', isRecorded && !picture)
    const pen = this.#canvas.getContext('2d')
    if (!pen) return
    if (!picture) {
      pen.clearRect(0, 0, this.#canvas.width, this.#canvas.height)
      return
    }
    pen.drawImage(picture, 0, 0, this.#canvas.width, this.#canvas.height)
  }

  /** One picture at a time, and always that of where the pointer is by then. */
  async #fill(): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    try {
      // a pointer that only passes costs nothing
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      for (;;) {
        const hover = this.#wanted
        if (!hover?.isRecorded) return
        const key = this.#key(hover)
        if (this.#cache.has(key)) return
        const picture = await grabFrame(hover.camera, Math.floor(hover.utcMs), WIDTH_PX)
        if (this.#cache.size >= CACHE_MAX) this.#cache.delete(this.#cache.keys().next().value!)
        this.#cache.set(key, picture)
        const now = this.#wanted
        if (picture && now && this.#key(now) === key) this.#draw(picture, true)
      }
    } finally {
      this.#isBusy = false
    }
  }
}
