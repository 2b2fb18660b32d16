import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { LEDGER_MAX, Ledger, type NewLoss } from '../../../runtime/ledger/ledger.ts'
import { LedgerFile } from '../../../runtime/ledger/ledger-file.ts'
import { LossReporter } from '../../../runtime/ledger/loss-reporter.ts'
import type { LossReport } from '../../../runtime/mqtt/messages.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { quiet } from '../../support/test-camera.ts'

const T0 = Date.UTC(2026, 0, 1)
const BOOTS = ['0123456789abcdef', 'fedcba9876543210', '00000000000000aa']

let folder: string
let path: string
let clock: FakeClock
let boots = 0
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skyrill-ledger-'))
  path = join(folder, 'losses.json')
  clock = new FakeClock(T0)
  boots = 0
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = (onDisk = true): Ledger =>
  new Ledger({
    bootId: BOOTS[boots++]!,
    clock,
    log: quiet,
    file: onDisk ? new LedgerFile(path) : undefined,
  })
const loss = (startS: number, endS: number, more: Partial<NewLoss> = {}): NewLoss => ({
  channel: 0,
  startMs: T0 + startS * 1000,
  endMs: T0 + endS * 1000,
  bytes: 100,
  cause: 'drop',
  ...more,
})
const brief = (ledger: Ledger, channel?: number) =>
  ledger
    .losses(channel)
    .map(({ startMs, endMs, bytes, cause }) => [
      (startMs - T0) / 1000,
      (endMs - T0) / 1000,
      bytes,
      cause,
    ])

test('what continues a loss is joined to it; causes and channels stay apart', () => {
  const ledger = open(false)
  ledger.add(loss(0, 1))
  ledger.add(loss(1, 2))
  ledger.add(loss(3.5, 4))
  ledger.add(loss(10, 11))
  ledger.add(loss(2, 3, { cause: 'rejected' }))
  ledger.add(loss(2, 3, { channel: 1 }))
  assert.deepEqual(brief(ledger, 0), [
    [0, 4, 300, 'drop'],
    [2, 3, 100, 'rejected'],
    [10, 11, 100, 'drop'],
  ])
  assert.deepEqual(brief(ledger, 1), [[2, 3, 100, 'drop']])
  assert.equal(ledger.losses().length, 4)
  const ids = ledger.losses().map(({ id }) => id)
  assert.equal(new Set(ids).size, 4)
})

test('a loss of a slice is withdrawn when the slice arrives after all', () => {
  const ledger = open(false)
  ledger.add(loss(0, 10, { slice: 'a', cause: 'network' }))
  ledger.add(loss(10, 20, { slice: 'b', cause: 'network' }))
  const [first] = ledger.losses()
  ledger.withdraw(0, 'a')
  ledger.withdraw(1, 'b')
  assert.deepEqual(brief(ledger), [[10, 20, 100, 'network']])
  assert.deepEqual(ledger.report?.withdrawn, [first!.id])
})

test('kept on disk, with what the cloud knows of it; ids of another start differ', () => {
  const ledger = open()
  ledger.add(loss(0, 1))
  ledger.reported(ledger.report!)
  ledger.add(loss(100, 101))
  ledger.save()
  const again = open()
  assert.deepEqual(brief(again), [
    [0, 1, 100, 'drop'],
    [100, 101, 100, 'drop'],
  ])
  assert.equal(again.report?.losses.length, 1)
  again.add(loss(200, 201))
  assert.equal(new Set(again.losses().map(({ id }) => id)).size, 3)
})

test('a file that is torn, damaged or of somebody else is as good as none', () => {
  const ledger = open()
  ledger.add(loss(0, 1))
  ledger.save()
  const good = readFileSync(path)
  for (let bytes = 0; bytes < good.length; bytes += 7) {
    writeFileSync(path, good)
    truncateSync(path, bytes)
    boots = 1
    assert.deepEqual(open().losses(), [], `cut at ${bytes}`)
  }
  for (let at = 0; at < good.length; at++) {
    const bad = Buffer.from(good)
    bad[at]! ^= 1
    writeFileSync(path, bad)
    boots = 1
    assert.deepEqual(open().losses(), [], `flipped at ${at}`)
  }
})

test('bounded: what the cloud has goes first, then neighbours are joined and no byte is forgotten', () => {
  const ledger = open(false)
  for (let at = 0; at < LEDGER_MAX; at++) ledger.add(loss(at * 100, at * 100 + 1))
  for (let report = ledger.report; report; report = ledger.report) {
    ledger.reported(report)
    if (ledger.losses().length < 10) break
  }
  ledger.add(loss(LEDGER_MAX * 100, LEDGER_MAX * 100 + 1))
  assert.equal(ledger.losses().length, LEDGER_MAX)
  const untold = open(false)
  for (let at = 0; at < LEDGER_MAX + 50; at++) untold.add(loss(at * 100, at * 100 + 1))
  assert.equal(untold.losses().length, LEDGER_MAX)
  assert.equal(
    untold.losses().reduce((sum, { bytes }) => sum + bytes, 0),
    (LEDGER_MAX + 50) * 100,
  )
})

test('a recording that did not end in good order is told of by the next start, once', async () => {
  const ledger = open()
  ledger.mark(0, T0)
  ledger.mark(1, T0)
  ledger.unmark(1)
  ledger.moveMark(0, T0 + 50_000)
  ledger.moveMark(0, T0 + 40_000)
  await clock.advance(61_000)
  ledger.tick()
  const next = open()
  assert.equal(next.takeInterrupted(1), undefined)
  assert.equal(next.takeInterrupted(0), T0 + 50_000)
  assert.equal(next.takeInterrupted(0), undefined)
  next.save()
  assert.equal(open().takeInterrupted(0), undefined)
})

test('a recording that begins while another one waits in the ring does not vouch for that', () => {
  const ledger = open()
  ledger.mark(0, T0)
  ledger.mark(0, T0 + 50_000)
  assert.equal(open().takeInterrupted(0), T0)
  ledger.unmark(0)
  ledger.mark(0, T0 + 60_000)
  assert.equal(open().takeInterrupted(0), T0 + 60_000)
})

test('reports: until the cloud has taken them, not by the frame, what grew is told again', async () => {
  const ledger = open(false)
  const asked: LossReport[] = []
  let isOnline = false
  let code: number | undefined
  const reporter = new LossReporter({
    ledger,
    clock,
    isOnline: () => isOnline,
    tellClock: async () => undefined,
    tell: async (params) => {
      asked.push(structuredClone(params))
      return code === undefined
        ? undefined
        : { method: 'loss_report_reply', clientToken: 'x', code, status: '' }
    },
  })
  const second = async (): Promise<void> => {
    reporter.tick()
    await clock.advance(1000)
  }
  ledger.add(loss(0, 1))
  for (let at = 0; at < 10; at++) await second()
  assert.equal(asked.length, 0, 'offline')
  isOnline = true
  for (let at = 0; at < 5; at++) {
    ledger.add(loss(1 + at, 2 + at))
    await second()
  }
  assert.ok(asked.length <= 2, `${asked.length} while it grows`)
  for (let at = 0; at < 60; at++) await second()
  assert.ok(asked.length >= 3 && asked.length <= 8, `${asked.length} without an answer`)
  code = 0
  for (let at = 0; at < 20; at++) await second()
  assert.equal(ledger.report, undefined)
  const known = asked.length
  const { id } = ledger.losses()[0]!
  ledger.add(loss(6, 7))
  for (let at = 0; at < 10; at++) await second()
  assert.equal(asked.length, known + 1)
  assert.equal(asked.at(-1)!.losses[0]!.id, id)
  assert.deepEqual(asked.at(-1)!.losses[0]!.endMs, T0 + 7000)
})

test('a ledger on a disk that cannot be written says so once and goes on', async () => {
  writeFileSync(join(folder, 'file'), '')
  const errors: string[] = []
  const log = { ...quiet, error: (message: string) => void errors.push(message) }
  const file = new LedgerFile(join(folder, 'file', 'losses.json'))
  const ledger = new Ledger({ bootId: BOOTS[0]!, clock, log, file })
  errors.length = 0
  for (let at = 0; at < 3; at++) {
    ledger.add(loss(at * 10, at * 10 + 1))
    await clock.advance(11_000)
    ledger.tick()
  }
  assert.equal(errors.length, 1)
  assert.equal(ledger.losses().length, 3)
})
