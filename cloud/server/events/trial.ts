import { type Catalog, mergeIntervals } from '../catalog.ts'
import type { Registry } from '../registry.ts'
import type { CloudEvent } from '../store/index/event-store.ts'
import type { Device, IndexStore, Interval, Plan } from '../store/index/types.ts'

/** The last picture of a recording reaches beyond the stop by its duration; a trial records nothing but events, so what lies there is theirs. */
const SLACK_MS = 1000

const videoOf = (event: CloudEvent): Interval => ({
  startMs: event.videoStartMs - SLACK_MS,
  endMs: (event.videoEndMs ?? event.videoStartMs) + SLACK_MS,
})

export type TrialParts = { index: IndexStore; registry: Registry; catalog: Catalog }

/** Ended events whose video hangs together with this one's, directly or through others; with it. */
const group = async (index: IndexStore, event: CloudEvent): Promise<CloudEvent[]> => {
  let span = videoOf(event)
  for (let size = 0; ; ) {
    const { deviceId, channel } = event
    const found = await index.events.withVideo(
      deviceId,
      channel,
      span.startMs - SLACK_MS,
      span.endMs + SLACK_MS,
    )
    if (found.length === size) return found
    size = found.length
    const spans = found.map(videoOf)
    span = {
      startMs: Math.min(span.startMs, ...spans.map(({ startMs }) => startMs)),
      endMs: Math.max(span.endMs, ...spans.map(({ endMs }) => endMs)),
    }
  }
}

/**
 * Takes the recorded time of an ended event from the channel's free trial. What events share is taken once, by the one that ends last; to do it again
 * for the same event takes only what was added since. Calls for one channel must not overlap.
 * @returns the plan as it is then
 */
export const chargeTrial = async (
  { index, registry, catalog }: TrialParts,
  device: Device,
  event: CloudEvent,
): Promise<Plan> => {
  const { channel } = event
  const plan = await registry.plan(device, channel)
  if (plan.type !== 'trial') return plan
  const events = await group(index, event)
  const recorded = await Promise.all(
    mergeIntervals(events.map(videoOf), 0).map(({ startMs, endMs }) =>
      catalog.timeline({ deviceId: device.id, channel, fromMs: startMs, toMs: endMs }, 0),
    ),
  )
  const recordedMs = recorded.flat().reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0)
  const chargedMs = events.reduce((sum, one) => sum + one.chargedMs, 0)
  const addedMs = Math.max(0, recordedMs - chargedMs)
  if (addedMs === 0) return plan
  await index.events.setCharge(event, event.chargedMs + addedMs)
  const trialLeftMs = Math.max(0, plan.trialLeftMs - addedMs)
  const changed = {
    ...plan,
    trialLeftMs,
    // open slices may be completed for a while from here on
    ...(trialLeftMs === 0 && plan.trialLeftMs > 0 && { changedMs: registry.nowMs }),
  }
  await registry.setPlan(device, channel, changed)
  return changed
}
