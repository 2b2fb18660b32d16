import type { LossCause } from '../../../runtime/mqtt/loss-messages.ts'
import type { EventView } from '../../server/events/view.ts'
import type { PlanView } from '../../server/plan.ts'

/** One picture source: a device, and the number of its camera. */
export type Camera = { productId: string; deviceName: string; channel: number }

export type PlanInfo = PlanView
export type ChannelInfo = { channel: number; plan: PlanInfo; recording: boolean }
export type DeviceInfo = {
  productId: string
  deviceName: string
  label: string
  createdMs: number
  /** IANA name of the zone in which it stands */
  timeZone: string
  quotaBytes: number
  online: boolean
  lastSeenMs: number
  version: string
  channels: ChannelInfo[]
}
export type Usage = {
  usedBytes: number
  pictureBytes: number
  pinnedBytes: number
  quotaBytes: number
  channels: { channel: number; bytes: number; oldestMs: number; newestMs: number }[]
}

export type Recording = { startMs: number; endMs: number }
export type Loss = { id: string; startMs: number; endMs: number; bytes: number; cause: LossCause }
export type TimelineInfo = { recordings: Recording[]; losses: Loss[]; nowMs: number }
export type DayInfo = { date: string; startMs: number; endMs: number; recorded: boolean }
export type EventInfo = EventView

export type Session = { name: string | null; role: 'admin' | 'viewer' }
