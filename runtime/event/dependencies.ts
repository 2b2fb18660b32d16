import type { Clock, Random } from '../clock.ts'
import type { Logger } from '../log.ts'
import type { EventReport, EventStart, EventStop, PictureGrant } from '../mqtt/event-messages.ts'
import type { iv_cs_event_report_opt_e } from '../types.ts'
import type { HttpTimeouts } from '../upload/http.ts'
import type { EventCallbacks } from './callbacks.ts'
import type { MailStore } from './mail-store.ts'
import type { PutPicture } from './picture.ts'
import type { PushWindow } from './window.ts'

export type Answer<Data> = { code: number; status: string; data?: Data | undefined }

/** The messages about events; undefined: no answer in time. */
export type EventCloud = {
  start(
    params: EventStart,
    timeoutMs: number,
  ): Promise<Answer<{ picture: PictureGrant }> | undefined>
  stop(
    params: EventStop,
    timeoutMs: number,
  ): Promise<Answer<{ trialSec?: number | undefined }> | undefined>
  report(
    params: EventReport,
    timeoutMs: number,
  ): Promise<Answer<{ picture: PictureGrant }> | undefined>
}

/** What events need of the channel that records for them. Positions are bytes of its stream. */
export type Recording = {
  readonly window: PushWindow
  /**
   * Events need frames, or no longer. The channel tells the app when that makes a difference: not when it records all the time anyway.
   * `startUtcMs` is what the first frame stands for when the app pushes what it kept.
   */
  demand(on: boolean, startUtcMs?: number): void
  /** Where the video of a time begins in what waits for the cloud; `released` when some of it is there already. */
  from(utcMs: number): { position: number; released: boolean }
  /** Where the video up to a time ends. */
  to(utcMs: number): number
  /** The ring has nothing more of what lies below: it is at the cloud, in the spool, or in the ledger. */
  hasReleased(position: number): boolean
  /** Some of the video of a time waits in the spool, or is in the ledger of losses. */
  isMissing(startMs: number, endMs: number): boolean
}

export type EventParts = {
  channel: number
  rule: iv_cs_event_report_opt_e
  clock: Clock
  random: Random
  log: Logger
  times(): HttpTimeouts
  recording: Recording
  cloud: EventCloud
  putPicture: PutPicture
  /** keeps what the cloud has not been told over a restart */
  mail?: MailStore | undefined
  callbacks: EventCallbacks
  /** analyses that the app wants for an event id */
  aiOf(eventId: number): number
  takeKey(): string
  /** the cloud has told what is left of a trial */
  onTrialLeft(seconds: number): void
  /** the cloud knows of no plan that permits events */
  askPlan(): void
}
