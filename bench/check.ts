import { readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  AUDIO_AAC,
  AUDIO_G711A,
  AUDIO_PCM,
  Core,
  FORMAT_FMP4,
  FORMAT_TS,
} from '../core-wasm/index.ts'
import { isMain } from '../tools/cli/main-module.ts'
import { process } from './runtime.ts'

const PAGE_BYTES = 65536
const AUDIO = { aac: AUDIO_AAC, g711a: AUDIO_G711A, pcm: AUDIO_PCM }
const BUDGETS = fileURLToPath(new URL('./budgets.json', import.meta.url))

type Budgets = {
  wasmBytes: Record<string, number>
  memory: {
    name: string
    ringBytes: number
    audio: keyof typeof AUDIO
    channels: number
    extraBytes: number
  }[]
}

export type BudgetCheck = { what: string; measured: number; limit: number; ok: boolean }

/** Sizes that must not grow unseen: bytes of each wasm file, linear memory of each kind of channel. */
export const checkBudgets = async (): Promise<BudgetCheck[]> => {
  const budgets: Budgets = JSON.parse(readFileSync(BUDGETS, 'utf8'))
  const checks: BudgetCheck[] = []
  for (const [file, limit] of Object.entries(budgets.wasmBytes)) {
    const measured = statSync(fileURLToPath(new URL(`../core-wasm/${file}`, import.meta.url))).size
    checks.push({ what: `${file}, bytes`, measured, limit, ok: measured <= limit })
  }
  for (const { name, ringBytes, audio, channels, extraBytes } of budgets.memory)
    for (const format of [FORMAT_TS, FORMAT_FMP4]) {
      const core = await Core.create({
        ringBytes,
        format,
        audioInput: AUDIO[audio],
        ...(audio === 'aac' ? {} : { sampleRate: 8000, channels }),
      })
      // the budget is rounded up once to the page
      const limit = Math.ceil((ringBytes + extraBytes) / PAGE_BYTES) * PAGE_BYTES
      const measured = core.memory.buffer.byteLength
      const container = format === FORMAT_TS ? 'TS' : 'fMP4'
      checks.push({
        what: `memory, ${name} in ${container}, bytes`,
        measured,
        limit,
        ok: measured <= limit,
      })
    }
  return checks
}

if (isMain(import.meta.url)) {
  const checks = await checkBudgets()
  for (const { what, measured, limit, ok } of checks)
    console.log(`${ok ? 'ok' : 'OVER'}  ${what}: ${measured} of ${limit}`)
  process.exitCode = checks.every((check) => check.ok) ? 0 : 1
}
