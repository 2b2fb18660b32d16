/** Messages about what is missing, and about clocks that were wrong; docs/PROTOCOL.md section 9. */
import { z } from 'zod'
import { answer, channelSchema, clientTokenSchema, utcMsSchema } from './fields.ts'

/** Why an interval of a channel is missing. */
export const LOSS_CAUSES = [
  'network',
  'drop',
  'no-plan',
  'clock',
  'restart',
  'rejected',
  'destroyed',
] as const
export const lossCauseSchema = z.enum(LOSS_CAUSES)
export type LossCause = z.infer<typeof lossCauseSchema>

/** Boot id (16 hexadecimal digits) and number of the loss in that boot (8 decimal digits): it names one loss for good. */
export const lossIdSchema = z.string().regex(/^[0-9a-f]{16}-[0-9]{8}$/)

export const lossSchema = z.object({
  id: lossIdSchema,
  channel: channelSchema,
  startMs: utcMsSchema,
  endMs: utcMsSchema,
  /** muxed bytes, or those of the frames where nothing was muxed; 0 where nobody knows */
  bytes: z.int().nonnegative(),
  cause: lossCauseSchema,
})
export type Loss = z.infer<typeof lossSchema>

/** So many fit a message of 2048 bytes. */
export const LOSSES_PER_MESSAGE = 8
export const WITHDRAWN_PER_MESSAGE = 16

/** up/event: what is missing, and which losses of before are none any more. A loss that is told of again replaces the one of before. */
export const lossReportSchema = z.object({
  method: z.literal('loss_report'),
  clientToken: clientTokenSchema,
  params: z.object({
    losses: z.array(lossSchema).max(LOSSES_PER_MESSAGE),
    withdrawn: z.array(lossIdSchema).max(WITHDRAWN_PER_MESSAGE),
  }),
})
export type LossReport = z.infer<typeof lossReportSchema>['params']
export const lossReportReplySchema = answer('loss_report_reply')

/** Numbers of slices or events of one boot, both ends included, and by how much their times were wrong as the device labelled them. */
export const clockShiftSchema = z.object({
  channel: channelSchema,
  kind: z.enum(['slice', 'event']),
  first: z.int().min(0).max(99_999_999),
  last: z.int().min(0).max(99_999_999),
  /** to be added to every time of these, ms */
  shiftMs: z.int(),
})
export type ClockShift = z.infer<typeof clockShiftSchema>

export const SHIFTS_PER_MESSAGE = 16

/** up/event: slices and events of this boot were labelled by a clock that was wrong. Sent again it says the same: a shift counts from the first labels. */
export const clockEpochSchema = z.object({
  method: z.literal('clock_epoch'),
  clientToken: clientTokenSchema,
  params: z.object({
    bootId: z.string().regex(/^[0-9a-f]{16}$/),
    shifts: z.array(clockShiftSchema).max(SHIFTS_PER_MESSAGE),
  }),
})
export type ClockEpoch = z.infer<typeof clockEpochSchema>['params']
export const clockEpochReplySchema = answer('clock_epoch_reply')
