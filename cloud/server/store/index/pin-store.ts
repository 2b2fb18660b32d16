/** What may not be deleted by itself: a range of a channel, or an event with its video. */
export type Pin = {
  id: string
  deviceId: number
  channel: number
  startMs: number
  /** null while its event runs */
  endMs: number | null
  /** key of the event that is pinned; null for a range */
  eventKey: string | null
  note: string
  createdMs: number
  createdBy: string
}

/** Pins in the index. Every call may be repeated. */
export type PinStore = {
  /** one pin for an event: the first stays */
  put(pin: Pin): Promise<Pin>
  /** pins of a channel (or of all) that touch the range, in order of time */
  list(deviceId: number, channel?: number, fromMs?: number, toMs?: number): Promise<Pin[]>
  /** false when there is no such pin */
  delete(deviceId: number, id: string): Promise<boolean>
  deleteOf(deviceId: number): Promise<void>
}
