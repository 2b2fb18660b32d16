import type { iv_err_code_e } from '../status.ts'
import type { iv_cs_ai_process_s, iv_cs_ai_type_e } from '../types.ts'
import type { EventModule } from './event-module.ts'
import type { Events, EventVerdict } from './events.ts'

/** The specification's functions about events, as methods; `CloudStorage` has the rest. */
export abstract class EventFunctions {
  protected abstract readonly eventModule: EventModule
  /** The events of a channel that can be used now, or the code that says why it cannot. */
  protected abstract eventsOf(channel: number): Events | iv_err_code_e
  /** Remembers and logs why something was refused; the code. */
  protected abstract conclude(verdict: EventVerdict): iv_err_code_e

  /** An event begins now. */
  startCsEvent(channel: number, event_id: number, info?: string | null): iv_err_code_e {
    return this.#on(channel, (events) => events.start(event_id, info))
  }

  /** An event that startCsEvent (or startCsEventExt) began ends now. */
  stopCsEvent(channel: number, event_id: number, info?: string | null): iv_err_code_e {
    return this.#on(channel, (events) => events.stop(event_id, info))
  }

  /** An event begins, its video perhaps earlier. Both times in seconds before now (below 300), or both UTC. */
  startCsEventExt(
    channel: number,
    event_id: number,
    info: string | null | undefined,
    event_start_time_s: number,
    stream_start_time_s: number,
  ): iv_err_code_e {
    const times = [event_start_time_s, stream_start_time_s] as const
    return this.#on(channel, (events) => events.start(event_id, info, times))
  }

  /** An event ends, or has ended. */
  stopCsEventExt(
    channel: number,
    event_id: number,
    info: string | null | undefined,
    event_stop_time_s: number,
    stream_stop_time_s: number,
  ): iv_err_code_e {
    const times = [event_stop_time_s, stream_stop_time_s] as const
    return this.#on(channel, (events) => events.stop(event_id, info, times))
  }

  /** Tells of an event of one moment, with a picture or without, also without a plan; `event_time_s` 0 is now. */
  async reportCsEventDirectly(
    channel: number,
    event_id: number,
    info: string | null | undefined,
    event_time_s: number,
    pic_addr?: Uint8Array | null,
    pic_len?: number,
  ): Promise<iv_err_code_e> {
    const events = this.eventsOf(channel)
    if (typeof events === 'number') return events
    const { eventModule } = this
    return this.conclude(
      await eventModule.report(channel, event_id, info, event_time_s, pic_addr, pic_len),
    )
  }

  /** Analyses in the cloud that every event of this id asks for; CLOSE ends that. `args` is unused. */
  setCsAiProcess(
    channel: number,
    event_id: number,
    ai_type: iv_cs_ai_type_e,
    _args?: unknown,
  ): iv_err_code_e {
    return this.#on(channel, () => this.eventModule.setAi(channel, event_id, ai_type))
  }

  getCsAiProcess(
    channel: number,
    event_id: number,
    process: iv_cs_ai_process_s,
    _args?: unknown,
  ): iv_err_code_e {
    return this.#on(channel, () => this.eventModule.getAi(channel, event_id, process))
  }

  #on(channel: number, run: (events: Events) => EventVerdict): iv_err_code_e {
    const events = this.eventsOf(channel)
    return typeof events === 'number' ? events : this.conclude(run(events))
  }
}
