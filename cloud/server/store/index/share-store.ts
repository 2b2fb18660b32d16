/** Leave to look at a range of a channel, or an event, without an account. */
export type Share = {
  id: string
  deviceId: number
  channel: number
  startMs: number
  endMs: number
  /** key of the event that is shared; null for a range */
  eventKey: string | null
  note: string
  expiresMs: number
  /** 0 while it holds */
  revokedMs: number
  createdMs: number
  createdBy: string
}

/** Shares in the index. Every call may be repeated. */
export type ShareStore = {
  put(share: Share): Promise<void>
  share(id: string): Promise<Share | undefined>
  /** newest first; of a device, or of all */
  list(deviceId?: number): Promise<Share[]>
  /** false when there is no such share */
  revoke(id: string, nowMs: number): Promise<boolean>
  deleteOf(deviceId: number): Promise<void>
  /** forgets what has expired before a moment */
  deleteExpired(beforeMs: number): Promise<void>
}
