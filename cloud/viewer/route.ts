import type { Camera } from './api/api.ts'

/** What the address says is shown: `#P1/front-door/0` with `@1795500000000` for a moment. */
export type Place = { camera: Camera; atMs: number | undefined }

const PATTERN = /^#([\w-]+)\/([\w-]+)\/(\d+)(?:@(\d+))?$/

export const readPlace = (hash: string): Place | undefined => {
  const [, productId, deviceName, channel, at] = PATTERN.exec(hash) ?? []
  if (productId === undefined || deviceName === undefined) return undefined
  const camera = { productId, deviceName, channel: Number(channel) }
  return { camera, atMs: at === undefined ? undefined : Number(at) }
}

/** Keeps the address up to date, so that a reload and a bookmark show the same; not a step of the history. */
export const writePlace = ({ camera, atMs }: Place): void => {
  const at = atMs === undefined ? '' : `@${Math.round(atMs)}`
  const hash = `#${camera.productId}/${camera.deviceName}/${camera.channel}${at}`
  if (location.hash !== hash) history.replaceState(null, '', hash)
}
