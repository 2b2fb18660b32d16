import type { Row } from '../../machine.ts'
import type { BucketOutcome } from './s3-answer.ts'

/** idle: nothing whole to put yet · index, object: a PUT is under way · wait: until the backoff ends · closed: for good */
export type BucketUplinkState = 'idle' | 'index' | 'object' | 'wait' | 'closed'

export type BucketUplinkEvent =
  /** look whether there is something to put */
  | 'work'
  /** the backoff ended */
  | 'timer'
  /** what waits is to be thrown away */
  | 'discard'
  | 'close'
  /** how the PUT under way ended */
  | BucketOutcome

/** What the table calls; the uplink implements it. */
export type BucketUplinkActions = {
  isDiscarding(): boolean
  hasIndex(): boolean
  hasObject(): boolean
  endsSlice(): boolean
  discardAll(): void
  putIndex(): void
  putObject(): void
  finishSlice(): void
  indexed(): void
  stored(): void
  again(): void
  backOff(): void
  backOffWrong(): void
  backOffConfig(): void
  stopTimer(): void
}

type BucketUplinkRow = Row<BucketUplinkState, BucketUplinkEvent, BucketUplinkActions>

/** What every PUT has in common, so that no outcome is a dead end. */
const failures = (state: 'index' | 'object'): BucketUplinkRow[] => [
  { state, event: 'retry', action: 'backOff', next: 'wait' },
  { state, event: 'checksum', action: 'backOff', next: 'wait' },
  { state, event: 'later', action: 'backOff', next: 'wait' },
  { state, event: 'wrong', action: 'backOffWrong', next: 'wait' },
  // the client has tried what mends them; what it did not understand is a matter of the configuration
  { state, event: 'skew', action: 'backOffConfig', next: 'wait' },
  { state, event: 'credentials', action: 'backOffConfig', next: 'wait' },
  { state, event: 'config', action: 'backOffConfig', next: 'wait' },
]

export const BUCKET_UPLINK_ROWS: readonly BucketUplinkRow[] = [
  // asked for while a request was under way
  { state: 'idle', event: 'work', guard: 'isDiscarding', action: 'discardAll', next: 'idle' },
  { state: 'idle', event: 'work', guard: 'hasIndex', action: 'putIndex', next: 'index' },
  { state: 'idle', event: 'work', guard: 'hasObject', action: 'putObject', next: 'object' },
  { state: 'idle', event: 'work', guard: 'endsSlice', action: 'finishSlice', next: 'idle' },

  { state: 'index', event: 'ok', action: 'indexed', next: 'idle' },
  ...failures('index'),

  { state: 'object', event: 'ok', action: 'stored', next: 'idle' },
  ...failures('object'),

  { state: 'wait', event: 'timer', action: 'again', next: 'idle' },

  ...(['idle', 'wait'] as const).map(
    (state): BucketUplinkRow => ({ state, event: 'discard', action: 'discardAll', next: 'idle' }),
  ),
  ...(['idle', 'index', 'object', 'wait'] as const).map(
    (state): BucketUplinkRow => ({ state, event: 'close', action: 'stopTimer', next: 'closed' }),
  ),
]
