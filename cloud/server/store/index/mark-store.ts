/** Events of a channel as a drawing of time needs them: those that begin within one step are one. */
export type EventMark = {
  /** key of the first */
  key: string
  count: number
  eventId: number
  startMs: number
  /** null while one of them runs */
  endMs: number | null
  isMoment: boolean
  isPinned: boolean
  hasPicture: boolean
}

export type MarkRange = {
  deviceId: number
  channel: number
  fromMs: number
  toMs: number
  stepMs: number
}

/** Events, gathered. */
export type MarkStore = {
  /** of events that touch the range, in order of time; at most one a step */
  eventMarks(range: MarkRange): Promise<EventMark[]>
}
