/**
 * State machines as tables. A row says: in this state, on this event, if the guard holds, run the action and go on in the next state.
 * Guards and actions are names of methods of the context, so that a table is plain data that tests can walk row by row.
 */

/** Names of the context's methods that return `Result`. */
type MethodName<Context, Result> = {
  [Key in keyof Context]: Context[Key] extends () => Result ? Key : never
}[keyof Context]

export type Row<State extends string, Event extends string, Context> = {
  state: State
  event: Event
  /** the first row of a state and event whose guard holds is taken */
  guard?: MethodName<Context, boolean>
  action?: MethodName<Context, void>
  next: State
}

type Methods = Record<PropertyKey, () => unknown>

/** Steps through a table. An event without a row in the present state is ignored: tables name what matters. */
export class Machine<State extends string, Event extends string, Context extends object> {
  readonly #rows: Map<string, Row<State, Event, Context>[]>
  readonly #context: Context
  readonly #pending: Event[] = []
  #busy = false
  #state: State

  constructor(rows: readonly Row<State, Event, Context>[], initial: State, context: Context) {
    this.#rows = new Map()
    for (const row of rows) {
      const key = `${row.state} ${row.event}`
      const list = this.#rows.get(key)
      if (list) list.push(row)
      else this.#rows.set(key, [row])
    }
    this.#state = initial
    this.#context = context
  }

  get state(): State {
    return this.#state
  }

  /** Takes an event. One sent from within an action is taken after that action, in the state that it led to. */
  send(event: Event): void {
    this.#pending.push(event)
    if (this.#busy) return
    this.#busy = true
    try {
      for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift())
        this.#step(next)
    } finally {
      this.#busy = false
    }
  }

  #step(event: Event): void {
    const methods = this.#context as unknown as Methods
    for (const row of this.#rows.get(`${this.#state} ${event}`) ?? []) {
      if (row.guard !== undefined && methods[row.guard]!() !== true) continue
      this.#state = row.next
      if (row.action !== undefined) methods[row.action]!()
      return
    }
  }
}
