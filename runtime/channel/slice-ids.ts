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
    }
    return id
  }

  /** An id for what is a slice by itself, such as the rest of one that lost bytes. */
  fresh(): string {
    return `${this.#bootId}-${String(this.#takeNumber() % 100_000_000).padStart(8, '0')}`
  }
}
