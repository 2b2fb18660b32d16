import { z } from 'zod'
import {
  type ClockEpoch,
  type ClockShift,
  clockShiftSchema,
  SHIFTS_PER_MESSAGE,
} from '../mqtt/messages.ts'

const BOOTS_MAX = 32

export const shiftStateSchema = z.array(
  z.object({ bootId: z.string(), shifts: z.array(clockShiftSchema), isTold: z.boolean() }),
)
export type ShiftState = z.infer<typeof shiftStateSchema>

/** Corrections of wrong clocks that the cloud is to be told of, of this start of the program and of earlier ones. */
export class ShiftLog {
  #boots: ShiftState

  constructor(state: ShiftState = []) {
    this.#boots = state.filter(({ isTold }) => !isTold)
  }

  get state(): ShiftState {
    return this.#boots
  }

  /** All that is known of one start of the program; it replaces what was known before. True when that is news. */
  set(bootId: string, shifts: ClockShift[]): boolean {
    const known = this.#boots.find((boot) => boot.bootId === bootId)
    if (JSON.stringify(known?.shifts ?? []) === JSON.stringify(shifts)) return false
    this.#boots = [
      ...this.#boots.filter((boot) => boot !== known).slice(-BOOTS_MAX),
      { bootId, shifts, isTold: false },
    ]
    return true
  }

  /** What to tell next; undefined when the cloud knows everything. */
  get report(): ClockEpoch | undefined {
    const boot = this.#boots.find(({ isTold }) => !isTold)
    return boot && { bootId: boot.bootId, shifts: boot.shifts.slice(-SHIFTS_PER_MESSAGE) }
  }

  told({ bootId, shifts }: ClockEpoch): void {
    const boot = this.#boots.find((other) => other.bootId === bootId)
    const now = boot?.shifts.slice(-SHIFTS_PER_MESSAGE)
    if (boot && JSON.stringify(now) === JSON.stringify(shifts)) boot.isTold = true
  }
}
