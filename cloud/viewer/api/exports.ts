import { channelPath, devicePath } from './api.ts'
import { request } from './request.ts'
import type { Camera } from './types.ts'

export type ExportInfo = {
  id: string
  fromMs: number
  toMs: number
  state: 'running' | 'done' | 'failed' | 'cancelled'
  /** 0 to 1 */
  progress: number
  bytes: number
  durationMs: number
  reason: string
  fileName: string
  /** path of the file; null until it is done */
  url: string | null
}

export const createExport = (camera: Camera, fromMs: number, toMs: number) =>
  request<ExportInfo>('POST', `${channelPath(camera)}/exports`, { body: { fromMs, toMs } })
export const getExport = (camera: Camera, id: string) =>
  request<ExportInfo>('GET', `${devicePath(camera)}/exports/${id}`)
export const deleteExport = (camera: Camera, id: string) =>
  request<void>('DELETE', `${devicePath(camera)}/exports/${id}`)
