import type { AppendRecord } from './types.ts'

/**
 * Journal of an open object, a text file beside it. First line: the header and the length the object had then. Every
 * further line is one append, written BEFORE its bytes: after a kill the journal may be ahead of the object, never behind.
 */
export type Journal = { header: string; baseBytes: number; appends: AppendRecord[] }

export const headerLine = (header: string, baseBytes: number): string =>
  `${JSON.stringify({ header, baseBytes })}\n`

export const appendLine = (record: AppendRecord): string => `${JSON.stringify(record)}\n`

const isRecord = (value: unknown): value is AppendRecord => {
  const record = value as Partial<AppendRecord> | null
  return (
    typeof record?.offset === 'number' &&
    typeof record.bytes === 'number' &&
    typeof record.sha256 === 'string' &&
    typeof record.note === 'string'
  )
}

const parseLine = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/**
 * What a journal says, or undefined when not even its first line is whole (then nothing was ever acknowledged). A torn
 * line ends it. An append that failed left its line behind; the line of its repetition, at the same offset, replaces it.
 */
export const parseJournal = (text: string): Journal | undefined => {
  const [first, ...lines] = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  const head = parseLine(first ?? '') as { header?: unknown; baseBytes?: unknown } | undefined
  if (typeof head?.header !== 'string' || typeof head.baseBytes !== 'number') return undefined
  const appends: AppendRecord[] = []
  for (const line of lines) {
    if (line === '') continue
    const record = parseLine(line)
    if (!isRecord(record)) break
    // empty appends share their offset with the one before: only what lies past the new start is replaced
    while (appends.length > 0 && endOf(appends.at(-1)!) > record.offset) appends.pop()
    appends.push(record)
  }
  return { header: head.header, baseBytes: head.baseBytes, appends }
}

const endOf = (record: AppendRecord): number => record.offset + record.bytes
