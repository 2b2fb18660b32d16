import type { Row } from '../machine.ts'

/**
 * running: between start and stop · catching: stopped, but pre-recorded video has not yet caught up with the stop · uploading: its video and picture are
 * on their way · reporting: the cloud is being told · over: its result was given
 */
export type EventState = 'running' | 'catching' | 'uploading' | 'reporting' | 'over'

export type EventEvent =
  | 'stop'
  /** no plan permits events any more */
  | 'revoke'
  /** a picture of the stop time has come, or none will */
  | 'reached'
  /** video and picture are at the cloud, or cannot get there */
  | 'settled'
  /** the state has lasted as long as it may */
  | 'timeout'
  /** the cloud has answered */
  | 'reported'
  /** the module is being left */
  | 'close'

export type EventActions = {
  /** its video is still behind its stop */
  isBehind(): boolean
  awaitVideo(): void
  /** the recording is not needed for it any more */
  leaveRecording(): void
  /** the same, at this moment */
  cutShort(): void
  report(): void
  finish(): void
  abandon(): void
}

export const EVENT_ROWS: readonly Row<EventState, EventEvent, EventActions>[] = [
  { state: 'running', event: 'stop', guard: 'isBehind', action: 'awaitVideo', next: 'catching' },
  { state: 'running', event: 'stop', action: 'leaveRecording', next: 'uploading' },
  { state: 'running', event: 'revoke', action: 'cutShort', next: 'uploading' },
  { state: 'running', event: 'close', action: 'abandon', next: 'over' },

  { state: 'catching', event: 'reached', action: 'leaveRecording', next: 'uploading' },
  { state: 'catching', event: 'timeout', action: 'leaveRecording', next: 'uploading' },
  { state: 'catching', event: 'revoke', action: 'leaveRecording', next: 'uploading' },
  { state: 'catching', event: 'close', action: 'abandon', next: 'over' },

  { state: 'uploading', event: 'settled', action: 'report', next: 'reporting' },
  { state: 'uploading', event: 'timeout', action: 'report', next: 'reporting' },
  { state: 'uploading', event: 'close', action: 'abandon', next: 'over' },

  { state: 'reporting', event: 'reported', action: 'finish', next: 'over' },
  { state: 'reporting', event: 'timeout', action: 'finish', next: 'over' },
  { state: 'reporting', event: 'close', action: 'abandon', next: 'over' },
]
