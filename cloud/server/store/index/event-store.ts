/** An event, or one moment of which a device told. */
export type CloudEvent = {
  deviceId: number
  channel: number
  key: string
  eventId: number
  info: string
  /** analyses that the device wants, bits */
  ai: number
  /** told of directly: it has no length and no video of its own */
  isMoment: boolean
  startMs: number
  /** null while it runs */
  endMs: number | null
  videoStartMs: number
  videoEndMs: number | null
  /** what its device knew to be here when it ended */
  video: 'none' | 'part' | 'whole'
  /** media type; null while there is no picture */
  pictureType: string | null
  pictureBytes: number
  /** what an analysis found */
  aiText: string | null
  /** taken from a free trial for it */
  chargedMs: number
}

/** What a device says when an event begins, and when it ends. */
export type EventBeginning = Omit<
  CloudEvent,
  'endMs' | 'videoEndMs' | 'video' | 'pictureType' | 'pictureBytes' | 'aiText' | 'chargedMs'
>
export type EventEnding = EventBeginning &
  Pick<CloudEvent, 'video'> & { endMs: number; videoEndMs: number }

export type EventRange = {
  deviceId: number
  /** absent: all channels */
  channel?: number | undefined
  fromMs: number
  toMs: number
  limit: number
}

/** Events in the index. Every call may be repeated. */
export type EventStore = {
  /** Notes an event down; one that is known stays as it is. */
  begin(event: EventBeginning): Promise<void>
  /** Notes its end down; picture, analysis and charge of one that is known stay. */
  end(event: EventEnding): Promise<void>
  event(deviceId: number, channel: number, key: string): Promise<CloudEvent | undefined>
  /** events that began in the range, in order of time */
  events(range: EventRange): Promise<CloudEvent[]>
  /** events of a device that have not ended, on any channel */
  running(deviceId: number): Promise<CloudEvent[]>
  /** ended events of a channel whose video touches the range, in order of time */
  withVideo(deviceId: number, channel: number, fromMs: number, toMs: number): Promise<CloudEvent[]>
  /** events that began before a moment and no pin holds, oldest first */
  eventsBefore(
    deviceId: number,
    channel: number,
    beforeMs: number,
    limit: number,
  ): Promise<CloudEvent[]>
  deleteEvents(deviceId: number, channel: number, keys: readonly string[]): Promise<void>
  /** false when there is no such event */
  setPicture(event: EventName, type: string, bytes: number): Promise<boolean>
  setAiText(event: EventName, text: string): Promise<boolean>
  setCharge(event: EventName, chargedMs: number): Promise<void>
}

export type EventName = Pick<CloudEvent, 'deviceId' | 'channel' | 'key'>
