import { iv_cs_ai_type_e } from '../types.ts'

const KNOWN = iv_cs_ai_type_e.CS_AI_TYPE_FALL_DETECT

/** Whether this is CLOSE or made of bits that the specification knows. */
export const isAiType = (value: unknown): value is iv_cs_ai_type_e =>
  Number.isInteger(value) && ((value as number) & ~KNOWN) === 0

/** Which analyses the app wants for which of its events: by channel and event id. */
export class AiTypes {
  readonly #types = new Map<string, iv_cs_ai_type_e>()

  set(channel: number, eventId: number, type: iv_cs_ai_type_e): void {
    if (type === iv_cs_ai_type_e.CS_AI_TYPE_CLOSE) this.#types.delete(`${channel}/${eventId}`)
    else this.#types.set(`${channel}/${eventId}`, type)
  }

  get(channel: number, eventId: number): iv_cs_ai_type_e {
    return this.#types.get(`${channel}/${eventId}`) ?? iv_cs_ai_type_e.CS_AI_TYPE_CLOSE
  }

  clear(): void {
    this.#types.clear()
  }
}
