import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { measureQuality, type QualityCase, qualityMissing } from './aac-quality.ts'
import { measureSpeed, type SpeedCase } from './aac-speed.ts'
import type { BenchResult } from './harness.ts'
import { machine } from './machine.ts'
import { aacMarkdown } from './report/aac-table.ts'
import { replaceSection } from './report/document.ts'

const DOCUMENT = fileURLToPath(new URL('../docs/BENCHMARKS.md', import.meta.url))

export type AacResult = BenchResult & { quality: QualityCase[]; speed: SpeedCase[] }

/** The AAC encoder against ffmpeg's: how audible the noise is in 24 cases, and the time for ten minutes of speech. */
export const runAac = async (options: { json: boolean; write?: boolean }): Promise<AacResult> => {
  const missing = qualityMissing()
  if (missing !== undefined) console.error(`skipped: ${missing}`)
  const speed = missing === undefined ? measureSpeed() : []
  const quality = missing === undefined ? await measureQuality() : []
  const versions = Object.fromEntries(speed.map(({ engine, version }) => [engine, version]))
  const result: AacResult = { cases: [], machine: machine(versions), quality, speed }
  const markdown = aacMarkdown(result)
  if (options.write)
    writeFileSync(DOCUMENT, replaceSection(readFileSync(DOCUMENT, 'utf8'), 'aac', markdown))
  if (!options.json) console.log(markdown)
  return result
}
