import type { Rule } from '../check/fault-log.ts'
import { MP4_RULES } from '../mp4/rules.ts'
import { TS_RULES } from '../ts/rules.ts'
import { RAW_RULES } from './inspect-raw.ts'

const KINDS: [string, Record<string, Rule>][] = [
  ['MPEG-TS', TS_RULES],
  ['fragmented MP4', MP4_RULES],
  ['raw H.264 and H.265', RAW_RULES],
]

/** Every rule of each kind of file: id, severity, what must be so, and where that is written. */
export const rulesText = (): string =>
  KINDS.flatMap(([kind, rules]) => [
    `${kind}: ${Object.keys(rules).length} rules`,
    ...Object.entries(rules).map(
      ([id, { severity, clause, text }]) =>
        `  ${id.padEnd(24)} ${severity.padEnd(8)} ${text} [${clause}]`,
    ),
  ]).join('\n')
