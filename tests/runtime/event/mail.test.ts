/** What the cloud was not told in time: ends of events and pictures, later and after a restart. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { LATE_PICTURES_MAX, LatePictures } from '../../../runtime/event/late-pictures.ts'
import { MailStore } from '../../../runtime/event/mail-store.ts'
import { OUTBOX_MAX, Outbox } from '../../../runtime/event/outbox.ts'
import type { PictureOutcome } from '../../../runtime/event/picture.ts'
import type { EventStart, EventStop } from '../../../runtime/mqtt/event-messages.ts'
import { memoryLog } from '../../support/event-bench.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const root = mkdtempSync(join(tmpdir(), 'skyrill-mail-'))
after(() => rmSync(root, { recursive: true }))
let folders = 0
const newFolder = (): string => join(root, String(++folders), 'events')

const keyOf = (number: number): string => `0123456789abcdef-${String(number).padStart(8, '0')}`
const startOf = (number: number): EventStart => ({
  channel: 0,
  key: keyOf(number),
  eventId: 5,
  info: 'door',
  startMs: 1_700_000_000_000 + number,
  videoStartMs: 1_700_000_000_000 + number,
  ai: 0,
})
const stopOf = (number: number): EventStop => ({
  ...startOf(number),
  endMs: 1_700_000_001_000,
  videoEndMs: 1_700_000_001_000,
  video: 'whole',
  picture: 'failed',
})
const OK = { code: 0, status: 'ok' }

/** A cloud that answers what the test says; undefined is no answer. */
const setup = (folder?: string) => {
  const clock = new FakeClock()
  const log = memoryLog()
  const told: string[] = []
  const state = { answer: undefined as typeof OK | undefined, outcome: 'ok' as PictureOutcome }
  const reply = (what: string) => {
    told.push(what)
    return new Promise<typeof OK | undefined>((resolve) =>
      clock.after(100, () => resolve(state.answer)),
    )
  }
  const parts = {
    clock,
    random: () => 0.5,
    log,
    channel: 0,
    mail: folder === undefined ? undefined : new MailStore(folder, log),
    cloud: {
      stop: (params: EventStop) => reply(`stop ${params.key}`),
      start: async (params: EventStart) => {
        const answer = await reply(`start ${params.key}`)
        const picture = { url: 'http://cloud/p', token: params.key, expiresAtMs: 0 }
        return answer && { ...answer, data: { picture } }
      },
    },
    put: (grant: { token: string }, bytes: Uint8Array) => {
      told.push(`put ${grant.token} ${bytes.length}`)
      return { done: Promise.resolve({ outcome: state.outcome, message: '' }), cancel() {} }
    },
  }
  return { clock, log, told, state, parts }
}

test('an end that is answered at once never touches the disk; one that waits is kept after 5 s', async () => {
  const folder = newFolder()
  const { clock, parts, state } = setup(folder)
  const outbox = new Outbox(parts)
  state.answer = OK
  void outbox.deliver(stopOf(1))
  await clock.advance(6000)
  assert.equal(outbox.waiting, 0)
  assert.throws(() => readdirSync(folder), 'not even the folder')
  state.answer = undefined
  void outbox.deliver(stopOf(2))
  await clock.advance(4900)
  assert.throws(() => readdirSync(folder))
  await clock.advance(200)
  assert.deepEqual(readdirSync(folder), [`stop-0-${keyOf(2)}.mail`])
  state.answer = OK
  await clock.advance(10_000)
  assert.deepEqual(readdirSync(folder), [])
  assert.equal(clock.timers, 0)
})

test('ends that the module leaves behind are told by the next start', async () => {
  const folder = newFolder()
  const first = setup(folder)
  const outbox = new Outbox(first.parts)
  const answers = [1, 2].map((number) => outbox.deliver(stopOf(number)))
  await first.clock.advance(200)
  outbox.close()
  assert.deepEqual(await Promise.all(answers), [undefined, undefined])
  assert.equal(first.clock.timers, 0)
  const second = setup(folder)
  second.state.answer = OK
  const next = new Outbox(second.parts)
  assert.equal(next.waiting, 2)
  await second.clock.advance(1000)
  assert.deepEqual(second.told, [`stop ${keyOf(1)}`, `stop ${keyOf(2)}`])
  assert.deepEqual(readdirSync(folder), [])
  assert.equal(new Outbox(setup(folder).parts).waiting, 0)
})

test('an answer of the cloud is final, except that it is in trouble', async () => {
  for (const [code, isFinal] of [
    [0, true],
    [404, true],
    [500, false],
  ] as const) {
    const folder = newFolder()
    const { clock, parts, state } = setup(folder)
    const outbox = new Outbox(parts)
    state.answer = { code, status: '' }
    void outbox.deliver(stopOf(1))
    await clock.advance(6000)
    assert.equal(outbox.waiting, isFinal ? 0 : 1)
    outbox.discard()
    assert.deepEqual(
      isFinal ? [] : readdirSync(folder),
      [],
      'what is destroyed is not told of later',
    )
    assert.equal(clock.timers, 0)
  }
})

test(`of more than ${OUTBOX_MAX} ends the oldest is given up, here and on the disk`, async () => {
  const folder = newFolder()
  const { clock, parts } = setup(folder)
  const outbox = new Outbox(parts)
  for (let number = 1; number <= OUTBOX_MAX; number++) void outbox.deliver(stopOf(number))
  await clock.advance(6000)
  void outbox.deliver(stopOf(OUTBOX_MAX + 1))
  await clock.advance(6000)
  const files = readdirSync(folder)
  assert.equal(files.length, OUTBOX_MAX)
  assert.ok(!files.includes(`stop-0-${keyOf(1)}.mail`))
  outbox.close()
})

test('files that are torn, damaged or of something else are removed and harm nothing', () => {
  const folder = newFolder()
  const { parts, log } = setup(folder)
  const mail = parts.mail!
  for (let number = 1; number <= 4; number++) mail.keep(`stop-0-${keyOf(number)}`, stopOf(number))
  const path = (number: number) => join(folder, `stop-0-${keyOf(number)}.mail`)
  const whole = readFileSync(path(1))
  writeFileSync(path(1), whole.subarray(0, whole.length - 3))
  const damaged = Buffer.from(readFileSync(path(2)))
  damaged[40]! ^= 1
  writeFileSync(path(2), damaged)
  mail.keep(`stop-0-${keyOf(3)}`, { method: 'nonsense' })
  writeFileSync(`${path(5)}.new`, 'a write that a power cut has ended')
  const outbox = new Outbox(parts)
  assert.equal(outbox.waiting, 1)
  assert.ok(!readdirSync(folder).some((file) => /0000000[123]\.mail$/.test(file)))
  assert.deepEqual(log.lines, [])
  outbox.close()
})

test('a disk that fails is told of once, and the line alone does', async () => {
  const file = join(root, 'a-file')
  writeFileSync(file, '')
  const { clock, parts, log, state } = setup(join(file, 'events'))
  const outbox = new Outbox(parts)
  void outbox.deliver(stopOf(1))
  void outbox.deliver(stopOf(2))
  await clock.advance(6000)
  assert.equal(log.lines.length, 1, log.lines.join('; '))
  state.answer = OK
  await clock.advance(10_000)
  assert.equal(outbox.waiting, 0)
})

const JPEG = new Uint8Array(3000).fill(7)

test('a picture that was too late is put when the line is back', async () => {
  for (const folder of [undefined, newFolder()]) {
    const { clock, parts, told, state } = setup(folder)
    const late = new LatePictures(parts)
    const bytes = JPEG.slice()
    late.keep(startOf(1), bytes)
    late.keep(startOf(2), bytes)
    // the app uses its buffer again
    bytes.fill(0)
    await clock.advance(60_000)
    assert.equal(late.waiting, 2)
    assert.ok(
      told.every((line) => line === `start ${keyOf(1)}`),
      'one at a time',
    )
    assert.ok(told.length > 3 && told.length < 12, `${told.length} tries in a minute`)
    told.length = 0
    state.answer = OK
    await clock.advance(61_000)
    assert.deepEqual(told, [
      `start ${keyOf(1)}`,
      `put ${keyOf(1)} 3000`,
      `start ${keyOf(2)}`,
      `put ${keyOf(2)} 3000`,
    ])
    assert.equal(late.waiting, 0)
    assert.equal(clock.timers, 0)
    if (folder) assert.deepEqual(readdirSync(folder), [])
  }
})

test('a picture that was too late is put by the next start', async () => {
  const folder = newFolder()
  const first = setup(folder)
  const late = new LatePictures(first.parts)
  late.keep(startOf(1), JPEG)
  late.close()
  // a request of the event that was cancelled by the end lets go of its picture after that
  late.keep(startOf(2), JPEG)
  await first.clock.advance(60_000)
  assert.equal(first.clock.timers, 0)
  const second = setup(folder)
  second.state.answer = OK
  const next = new LatePictures(second.parts)
  await second.clock.advance(1000)
  assert.deepEqual(
    second.told.filter((line) => line.startsWith('put')),
    [`put ${keyOf(1)} 3000`, `put ${keyOf(2)} 3000`],
  )
  assert.equal(next.waiting, 0)
  assert.deepEqual(readdirSync(folder), [])
})

const ENDS: { name: string; answer: typeof OK; outcome: PictureOutcome; waiting: number }[] = [
  { name: 'no plan any more', answer: { code: 402, status: '' }, outcome: 'ok', waiting: 0 },
  { name: 'refused', answer: OK, outcome: 'reject', waiting: 0 },
  { name: 'not yet', answer: OK, outcome: 'retry', waiting: 1 },
  { name: 'another token', answer: OK, outcome: 'token', waiting: 1 },
  { name: 'a cloud in trouble', answer: { code: 500, status: '' }, outcome: 'ok', waiting: 1 },
]
for (const { name, answer, outcome, waiting } of ENDS)
  test(`a late picture, ${name}: ${waiting ? 'tried again' : 'given up'}`, async () => {
    const { clock, parts, state } = setup()
    state.answer = answer
    state.outcome = outcome
    const late = new LatePictures(parts)
    late.keep(startOf(1), JPEG)
    await clock.advance(10_000)
    assert.equal(late.waiting, waiting)
    late.discard()
    assert.equal(late.waiting, 0)
    await clock.advance(60_000)
    assert.equal(clock.timers, 0)
  })

test('pictures have bounds: in number, and without a disk in bytes', () => {
  const { parts, log } = setup()
  const late = new LatePictures(parts)
  for (let number = 1; number <= LATE_PICTURES_MAX + 2; number++) late.keep(startOf(number), JPEG)
  assert.equal(late.waiting, LATE_PICTURES_MAX)
  for (let number = 1; number <= 3; number++)
    late.keep(startOf(100 + number), new Uint8Array(1_000_000))
  assert.ok(late.waiting <= 3)
  assert.ok(log.lines.every((line) => line.includes('is given up: too many wait')))
  late.close()
})
