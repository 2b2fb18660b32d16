import { channelPath, devicePath } from './api.ts'
import { queryText, request } from './request.ts'
import type { Camera, Recording } from './types.ts'

export type ShareInfo = {
  id: string
  channel: number
  fromMs: number
  toMs: number
  note: string
  expiresMs: number
  /** 0 while it holds */
  revokedMs: number
  createdBy: string
  url: string
}
export type NewShare = { fromMs: number; toMs: number; note: string; expiresInSec: number }

export const createShare = (camera: Camera, share: NewShare) =>
  request<ShareInfo>('POST', `${channelPath(camera)}/shares`, { body: share })
export const listShares = async (camera: Camera) =>
  (await request<{ shares: ShareInfo[] }>('GET', `${devicePath(camera)}/shares`)).shares
export const revokeShare = (camera: Camera, id: string) =>
  request<void>('DELETE', `${devicePath(camera)}/shares/${id}`)

/** What a link shows, to anyone who has it. */
export type Shared = {
  label: string
  timeZone: string
  fromMs: number
  toMs: number
  expiresMs: number
  note: string
  recordings: Recording[]
  event: { info: string; eventId: number; aiText: string | null } | null
  picture: string | null
  playlist: string
}

export const getShared = (token: string) =>
  request<Shared>('GET', `/api/shared/${encodeURIComponent(token)}`)
export const sharedPlaylistUrl = (playlist: string, fromMs = 0): string =>
  `${playlist}${queryText({ from: Math.round(fromMs) })}`
