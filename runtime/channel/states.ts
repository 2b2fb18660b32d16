import type { Row } from '../machine.ts'

/**
 * off: not to record, pushes are refused · armed: the app was told to start, nothing has come yet · recording · paused: no data for a
 * while, the recording is closed and goes on with the next IDR · closed: for good
 */
export type ChannelState = 'off' | 'armed' | 'recording' | 'paused' | 'closed'

export type ChannelEvent =
  /** the plan says record, or no longer */
  | 'plan-on'
  | 'plan-off'
  /** a frame was accepted */
  | 'frame'
  /** no frame for PAUSE_AFTER_MS */
  | 'silence'
  | 'close'

export type ChannelActions = {
  callStart(): void
  callStop(): void
  /** close the recording, then tell the app */
  stopRecording(): void
  pauseRecording(): void
  finishRecording(): void
}

export const CHANNEL_ROWS: readonly Row<ChannelState, ChannelEvent, ChannelActions>[] = [
  { state: 'off', event: 'plan-on', action: 'callStart', next: 'armed' },
  { state: 'armed', event: 'frame', next: 'recording' },
  { state: 'armed', event: 'plan-off', action: 'callStop', next: 'off' },
  { state: 'recording', event: 'silence', action: 'pauseRecording', next: 'paused' },
  { state: 'recording', event: 'plan-off', action: 'stopRecording', next: 'off' },
  { state: 'paused', event: 'frame', next: 'recording' },
  { state: 'paused', event: 'plan-off', action: 'callStop', next: 'off' },
  { state: 'off', event: 'close', next: 'closed' },
  { state: 'armed', event: 'close', next: 'closed' },
  { state: 'recording', event: 'close', action: 'finishRecording', next: 'closed' },
  { state: 'paused', event: 'close', next: 'closed' },
]
