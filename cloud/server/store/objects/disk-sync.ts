import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Twice as often as promised ("within a second"), so that a slow sync still keeps it. */
const ROUND_MS = 400
/** Rounds that are waited for do not follow each other without a pause. */
const PAUSE_MS = 100
/** Up to so many files are synced one by one; for more it is cheaper to sync the file system, which then writes once. */
const FEW = 8

/** What can be synced by itself. */
export type Syncable = { sync(): Promise<void> }

/**
 * Brings to the disk what was written, in rounds. Each fdatasync of a file that has grown makes the file system write its
 * own journal: a thousand cameras would do nothing else. syncfs(2) does it once for all of them.
 */
export class DiskSync {
  readonly #dirty = new Set<Syncable>()
  #waiting: { resolve: () => void; reject: (error: unknown) => void }[] = []
  #timer: NodeJS.Timeout | undefined
  #dueMs = Number.POSITIVE_INFINITY
  #round: Promise<void> | undefined
  #isClosed = false

  /** @param folders on the file systems that are written to */
  constructor(
    private readonly folders: readonly string[],
    private readonly onError: (error: unknown) => void,
  ) {
    this.#schedule(ROUND_MS)
  }

  mark(one: Syncable): void {
    this.#dirty.add(one)
  }

  /** Resolves once what was written before is on the disk. */
  async synced(one: Syncable): Promise<void> {
    if (this.#dirty.size <= FEW && !this.#round) {
      if (this.#dirty.delete(one)) await one.sync()
      return
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#schedule(PAUSE_MS)
    })
  }

  #schedule(ms: number): void {
    // the round that runs may have begun before what is waited for was written
    if (this.#round || this.#isClosed) return
    const dueMs = performance.now() + ms
    // who comes later does not put off the round for those who wait already
    if (dueMs < this.#dueMs) {
      clearTimeout(this.#timer)
      this.#dueMs = dueMs
      this.#timer = setTimeout(() => void this.#run(), ms)
    }
    // a program may end with nothing dirty left to say, but not while somebody waits for the disk
    if (this.#waiting.length === 0) this.#timer?.unref()
    else this.#timer?.ref()
  }

  #run(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    this.#dueMs = Number.POSITIVE_INFINITY
    this.#round = this.#syncAll()
      .then(
        () => {
          for (const { resolve } of waiting) resolve()
        },
        (error) => {
          this.onError(error)
          for (const { reject } of waiting) reject(error)
        },
      )
      .finally(() => {
        this.#round = undefined
        this.#schedule(this.#waiting.length > 0 ? PAUSE_MS : ROUND_MS)
      })
    return this.#round
  }

  async #syncAll(): Promise<void> {
    const dirty = [...this.#dirty]
    this.#dirty.clear()
    if (dirty.length > FEW && (await this.#syncFileSystems())) return
    const failed: unknown[] = []
    for (let at = 0; at < dirty.length; at += FEW)
      await Promise.all(
        dirty.slice(at, at + FEW).map((one) =>
          one.sync().catch((error) => {
            this.#dirty.add(one)
            failed.push(error)
          }),
        ),
      )
    if (failed.length > 0) throw failed[0]
  }

  /** syncfs(2) has no other door than sync(1). False where that is missing or fails. */
  async #syncFileSystems(): Promise<boolean> {
    const program = spawn('sync', ['-f', ...this.folders], { stdio: 'ignore' })
    return await once(program, 'exit').then(
      ([code]) => code === 0,
      () => false,
    )
  }

  /** A last round, and no further ones. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#round
    await this.#run()
  }
}
