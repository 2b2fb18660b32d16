import type { Row } from '../machine.ts'
import type { Outcome } from './retry.ts'

/**
 * idle: nothing to send, or not yet · token: asking for leave · create, append, ask: a request is under way · wait: until the backoff ends ·
 * plan: no plan, until one comes · budget: a metered line has carried its bytes of the day · closed: for good
 */
export type UplinkState =
  | 'idle'
  | 'token'
  | 'create'
  | 'append'
  | 'ask'
  | 'wait'
  | 'plan'
  | 'budget'
  | 'closed'

export type UplinkEvent =
  /** look whether there is something to send */
  | 'work'
  /** a token came, or why none did */
  | 'granted'
  | 'denied'
  | 'denied-plan'
  /** the backoff ended */
  | 'timer'
  /** the plan permits uploads again */
  | 'planned'
  /** what waits is to be thrown away */
  | 'discard'
  | 'close'
  /** how the request under way ended */
  | Outcome

/** What the table calls; the uplink implements it. */
export type UplinkActions = {
  isDiscarding(): boolean
  discardAll(): void
  /** there is something to send, and the line may not carry it today */
  lacksBudget(): boolean
  hasBudget(): boolean
  lacksToken(): boolean
  lacksSlice(): boolean
  lacksOffset(): boolean
  hasBytes(): boolean
  /** the same token has not been refused before */
  tokenIsFresh(): boolean
  /** nothing has failed since the last append that was acknowledged: what mends it is tried without a wait */
  isFirstTry(): boolean
  canShrink(): boolean
  /** the answer's offset is where the append ended */
  endsWhereSent(): boolean
  fetchToken(): void
  create(): void
  append(): void
  ask(): void
  askAtOnce(): void
  created(): void
  appended(): void
  asked(): void
  again(): void
  /** forget the token, then go on at once */
  renewToken(): void
  backOff(): void
  /** fewer bytes at a time: the line may be too slow for so many within the time-out */
  backOffSmaller(): void
  backOffWrong(): void
  backOffConfig(): void
  shrink(): void
  /** told of once */
  awaitBudget(): void
  /** wait for the plan, ask for it meanwhile */
  awaitPlan(): void
  recreate(): void
  /** the same after a wait: it has happened before */
  recreateLater(): void
  giveUp(): void
  dropSlice(): void
  stop(): void
}

type UplinkRow = Row<UplinkState, UplinkEvent, UplinkActions>

/** What every request has in common, so that no outcome is a dead end. */
const failures = (state: 'create' | 'append' | 'ask'): UplinkRow[] => [
  { state, event: 'retry', action: 'backOffSmaller', next: 'wait' },
  { state, event: 'later', action: 'backOff', next: 'wait' },
  { state, event: 'full', action: 'backOffWrong', next: 'wait' },
  { state, event: 'wrong', action: 'backOffWrong', next: 'wait' },
  { state, event: 'config', action: 'backOffConfig', next: 'wait' },
  { state, event: 'token', guard: 'tokenIsFresh', action: 'renewToken', next: 'idle' },
  { state, event: 'token', action: 'backOffWrong', next: 'wait' },
  { state, event: 'forbidden', guard: 'tokenIsFresh', action: 'renewToken', next: 'idle' },
  { state, event: 'forbidden', action: 'backOffWrong', next: 'wait' },
  { state, event: 'plan', action: 'awaitPlan', next: 'plan' },
  { state, event: 'gone', action: 'dropSlice', next: 'idle' },
  { state, event: 'reject', action: 'giveUp', next: 'idle' },
]

export const UPLINK_ROWS: readonly UplinkRow[] = [
  // asked for while a request was under way
  { state: 'idle', event: 'work', guard: 'isDiscarding', action: 'discardAll', next: 'idle' },
  { state: 'idle', event: 'work', guard: 'lacksBudget', action: 'awaitBudget', next: 'budget' },
  { state: 'idle', event: 'work', guard: 'lacksToken', action: 'fetchToken', next: 'token' },
  { state: 'idle', event: 'work', guard: 'lacksSlice', action: 'create', next: 'create' },
  { state: 'idle', event: 'work', guard: 'lacksOffset', action: 'ask', next: 'ask' },
  { state: 'idle', event: 'work', guard: 'hasBytes', action: 'append', next: 'append' },

  { state: 'token', event: 'granted', action: 'again', next: 'idle' },
  { state: 'token', event: 'denied', action: 'backOff', next: 'wait' },
  { state: 'token', event: 'denied-plan', action: 'awaitPlan', next: 'plan' },

  { state: 'create', event: 'ok', action: 'created', next: 'idle' },
  // the collection itself is unknown: another token names the right one
  { state: 'create', event: 'unknown', guard: 'tokenIsFresh', action: 'renewToken', next: 'idle' },
  { state: 'create', event: 'unknown', action: 'backOffConfig', next: 'wait' },
  { state: 'create', event: 'offset', action: 'backOff', next: 'wait' },
  { state: 'create', event: 'checksum', action: 'backOff', next: 'wait' },
  { state: 'create', event: 'smaller', action: 'giveUp', next: 'idle' },
  ...failures('create'),

  { state: 'append', event: 'ok', guard: 'endsWhereSent', action: 'appended', next: 'idle' },
  { state: 'append', event: 'ok', action: 'backOff', next: 'wait' },
  { state: 'append', event: 'offset', guard: 'isFirstTry', action: 'askAtOnce', next: 'ask' },
  { state: 'append', event: 'offset', action: 'backOff', next: 'wait' },
  { state: 'append', event: 'unknown', guard: 'isFirstTry', action: 'recreate', next: 'idle' },
  { state: 'append', event: 'unknown', action: 'recreateLater', next: 'wait' },
  { state: 'append', event: 'checksum', action: 'backOff', next: 'wait' },
  { state: 'append', event: 'smaller', guard: 'canShrink', action: 'shrink', next: 'idle' },
  { state: 'append', event: 'smaller', action: 'giveUp', next: 'idle' },
  ...failures('append'),

  { state: 'ask', event: 'ok', action: 'asked', next: 'idle' },
  { state: 'ask', event: 'unknown', guard: 'isFirstTry', action: 'recreate', next: 'idle' },
  { state: 'ask', event: 'unknown', action: 'recreateLater', next: 'wait' },
  { state: 'ask', event: 'offset', action: 'backOff', next: 'wait' },
  { state: 'ask', event: 'checksum', action: 'backOff', next: 'wait' },
  { state: 'ask', event: 'smaller', action: 'backOff', next: 'wait' },
  ...failures('ask'),

  { state: 'wait', event: 'timer', action: 'again', next: 'idle' },
  { state: 'plan', event: 'timer', action: 'again', next: 'idle' },
  { state: 'plan', event: 'planned', action: 'again', next: 'idle' },
  // looked at with every turn: a new day, or an event
  { state: 'budget', event: 'work', guard: 'hasBudget', action: 'again', next: 'idle' },

  ...(['idle', 'wait', 'plan', 'budget'] as const).map(
    (state): UplinkRow => ({ state, event: 'discard', action: 'discardAll', next: 'idle' }),
  ),

  ...(['idle', 'token', 'create', 'append', 'ask', 'wait', 'plan', 'budget'] as const).map(
    (state): UplinkRow => ({ state, event: 'close', action: 'stop', next: 'closed' }),
  ),
]
