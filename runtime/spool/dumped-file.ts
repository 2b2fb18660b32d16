import {
  closeSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { DumpedSlice } from '../channel/dump.ts'
import { errorText, type Logger } from '../log.ts'
import { pieceSchema, sliceEndSchema, sliceStartSchema } from '../mqtt/messages.ts'
import { readRecord, recordParts } from './record.ts'

const RECORD_DUMPED = 4
/** The file is made anew when it has grown by so much: what is older than half an hour goes. */
const GROWTH_BYTES = 512 * 1024

const dumpedSchema = z.object({
  /** UTC, ms: the monotonic clock begins anew with each start */
  atMs: z.number(),
  slice: z.object({
    start: sliceStartSchema,
    pieces: z.array(pieceSchema),
    end: sliceEndSchema,
    bytes: z.int().nonnegative(),
  }),
})

export type Dumped = { atMs: number; slice: DumpedSlice }

/** What is known of dumped files, for another start of the program: a record per file, in the order in which they ended. What is torn off is cut. */
export class DumpedFile {
  readonly #path: string
  readonly #log: Logger
  #fd: number | undefined
  #bytes = 0
  #anewAtBytes = GROWTH_BYTES
  #isWanted: (dumped: Dumped) => boolean = () => true

  constructor(path: string, log: Logger) {
    this.#path = path
    this.#log = log
  }

  /** What was kept and is still wanted; only that is in the file afterwards. */
  load(isWanted: (dumped: Dumped) => boolean): Dumped[] {
    const kept: Dumped[] = []
    this.#isWanted = isWanted
    this.#try(() => {
      if (this.#fd !== undefined) closeSync(this.#fd)
      mkdirSync(dirname(this.#path), { recursive: true })
      const old = openSync(this.#path, 'a+')
      const fileBytes = fstatSync(old).size
      for (
        let record = readRecord(old, 0, fileBytes);
        record;
        record = readRecord(old, record.end, fileBytes)
      ) {
        const dumped = dumpedSchema.safeParse(record.json)
        if (dumped.success && isWanted(dumped.data)) kept.push(dumped.data)
      }
      closeSync(old)
      const partial = `${this.#path}.new`
      this.#fd = openSync(partial, 'w')
      this.#bytes = 0
      for (const dumped of kept) this.#write(dumped)
      fsyncSync(this.#fd)
      renameSync(partial, this.#path)
      this.#anewAtBytes = this.#bytes + GROWTH_BYTES
    })
    return kept
  }

  add(dumped: Dumped): void {
    const fd = this.#fd
    if (fd === undefined) return
    this.#try(() => {
      this.#write(dumped)
      fdatasync(fd, () => {})
    })
    if (this.#bytes > this.#anewAtBytes) this.load(this.#isWanted)
  }

  /** The recordings were destroyed. */
  clear(): void {
    this.#try(() => {
      if (this.#fd !== undefined) closeSync(this.#fd)
      unlinkSync(this.#path)
      this.#bytes = 0
      this.#fd = openSync(this.#path, 'w')
    })
  }

  #write(dumped: Dumped): void {
    const record = Buffer.concat(recordParts(RECORD_DUMPED, dumped))
    if (writeSync(this.#fd!, record, 0, record.length, this.#bytes) !== record.length)
      throw new Error('the disk took only a part of it')
    this.#bytes += record.length
  }

  #try(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#fd = undefined
      this.#log.error(
        `what is known of dumped files is not kept over a restart: ${errorText(error)}`,
      )
    }
  }
}
