/** Slices whose bytes may still be in a ring, with room to spare: the core's table has 64. */
const KEPT = 128

/**
 * Names of a channel's slices: `{boot id: 16 hex digits}-{number: 8 digits}`. Dump and uplink name a slice alike, whichever comes to it first, so
 * that a dumped file can be sent as the slice that it is.
 */
export class SliceIds {
  readonly #bootId: string
  readonly #takeNumber: () => number
  readonly #known = new Map<number, string>()
  /** every slice below has a name */
  #next = 0
  #last = 0

  constructor(bootId: string, takeNumber: () => number) {
    this.#bootId = bootId
    this.#takeNumber = takeNumber
  }

  /** Id of a slice of the core. */
  of(slice: number): string {
    let id = this.#known.get(slice)
    if (id === undefined) {
      id = this.fresh()
      this.#known.set(slice, id)
      this.#known.delete(slice - KEPT)
      this.#next = Math.max(this.#next, slice + 1)
    }
    return id
  }

  /** Names what has no name yet of the slices up to this one. Returns the last number that was given. */
  nameUpTo(slice: number): number {
    while (this.#next <= slice) this.of(this.#next)
    return this.#last
  }

  /** An id for what is a slice by itself, such as the rest of one that lost bytes. */
  fresh(): string {
    this.#last = this.#takeNumber() % 100_000_000
    return `${this.#bootId}-${String(this.#last).padStart(8, '0')}`
  }
}
