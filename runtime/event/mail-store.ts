import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { errorText, type Logger } from '../log.ts'
import { readData, readRecord, recordParts, type SpoolRecord } from '../spool/record.ts'

const KIND = 1
const SUFFIX = '.mail'
const NAME = /^[\w-]+$/

export type Mail = { json: unknown; data: Uint8Array }

/**
 * What the cloud has not been told yet, in a folder: a file per letter, one checksummed record each. A file is written beside itself, synced and renamed, so
 * that a power cut leaves a whole one or none. A disk that fails is told of once, and things go on without it.
 */
export class MailStore {
  readonly #folder: string
  readonly #log: Logger
  #hasFailed = false

  constructor(folder: string, log: Logger) {
    this.#folder = folder
    this.#log = log
  }

  /** Names of what is kept that begin so, sorted. */
  names(prefix: string): string[] {
    return (
      this.#try(() =>
        readdirSync(this.#folder)
          .filter((file) => file.startsWith(prefix) && file.endsWith(SUFFIX))
          .map((file) => file.slice(0, -SUFFIX.length))
          .filter((name) => NAME.test(name))
          .sort(),
      ) ?? []
    )
  }

  keep(name: string, json: unknown, data?: Uint8Array): void {
    this.#try(() => {
      mkdirSync(this.#folder, { recursive: true })
      const path = this.#pathOf(name)
      const fd = openSync(`${path}.new`, 'w')
      try {
        for (const part of recordParts(KIND, json, data ? [data] : []))
          if (writeSync(fd, part) !== part.length)
            throw new Error('the disk took only a part of it')
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
      renameSync(`${path}.new`, path)
    })
  }

  /** Undefined when there is none, or one that is damaged, which is then removed. */
  read(name: string): Mail | undefined {
    return this.#read(name, (fd, record) => {
      const data = readData(fd, record)
      return data && { json: record.json, data }
    })
  }

  /** The same without its data. */
  look(name: string): unknown {
    return this.#read(name, (_, record) => record.json)
  }

  #read<Value>(
    name: string,
    take: (fd: number, record: SpoolRecord) => Value | undefined,
  ): Value | undefined {
    return this.#try(() => {
      const fd = openSync(this.#pathOf(name), 'r')
      try {
        const record = readRecord(fd, 0, fstatSync(fd).size)
        const taken = record && take(fd, record)
        if (taken !== undefined) return taken
      } finally {
        closeSync(fd)
      }
      this.drop(name)
      return undefined
    })
  }

  drop(name: string): void {
    this.#try(() => rmSync(this.#pathOf(name), { force: true }))
  }

  #pathOf(name: string): string {
    return join(this.#folder, `${name}${SUFFIX}`)
  }

  #try<Value>(run: () => Value): Value | undefined {
    try {
      return run()
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
      if (!isMissing && !this.#hasFailed) {
        this.#hasFailed = true
        this.#log.warn(`reports of events are not kept over a restart: ${errorText(error)}`)
      }
      return undefined
    }
  }
}
