import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Piece, SliceStart } from '../../../runtime/mqtt/messages.ts'
import type { DropPolicy } from '../../../runtime/spool/drop-policy.ts'
import { Spool, type SpoolSlice } from '../../../runtime/spool/spool.ts'
import { recoverStored } from '../../../runtime/spool/stored-slice.ts'
import { StoredUpload } from '../../../runtime/spool/stored-upload.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { framesOf, looped } from '../../support/frames.ts'
import { muxedTs } from '../../support/muxed.ts'
import { random } from '../../support/random.ts'
import { quiet } from '../../support/test-camera.ts'

const T0 = 1_780_000_000_000
const BOOT = '0123456789abcdef'
const PIECE_BYTES = 100
/** Every byte of the last records is cut or flipped, of what comes before one in so many. */
const TAIL_BYTES = 450
const STRIDE = 13

let folder: string
let clock: FakeClock
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skyrill-power-'))
  clock = new FakeClock()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const idOf = (number: number): string => `${BOOT}-${String(number).padStart(8, '0')}`
const startOf = (number: number): SliceStart => ({
  id: idOf(number),
  format: 'ts',
  codecs: 'avc1.64001f',
  width: 640,
  height: 360,
  startUtcMs: T0 + number * 10_000,
  startPtsMs: 0,
  startSeq: 0,
  discontinuity: false,
  initBytes: 0,
})
const pieceOf = (slice: number, at: number): Piece => ({
  o: at * PIECE_BYTES,
  b: PIECE_BYTES,
  t: T0 + slice * 10_000 + at * 2000,
  d: 2000,
  n: 50,
  k: 1,
})
const bytesOf = (slice: number, at: number): Uint8Array =>
  Uint8Array.from({ length: PIECE_BYTES }, (_, index) => (slice * 31 + at * 7 + index) & 255)

const open = (
  given: Partial<{ maxBytes: number; policy: DropPolicy }> = {},
  errors: string[] = [],
) => {
  const dropped: { id: string; bytes: number }[] = []
  const spool = new Spool({
    folder,
    maxBytes: 64 * 1024 * 1024,
    policy: 'non-event-first',
    clock,
    log: { ...quiet, error: (message) => void errors.push(message) },
    onDropped: ({ id }, bytes) => void dropped.push({ id, bytes }),
    ...given,
  })
  return { spool, dropped }
}

/** A slice of so many chunks of one piece. */
const fill = (spool: Spool, number: number, chunks = 3, isEvent = false): SpoolSlice => {
  const slice = spool.begin(0, startOf(number), new Uint8Array(0), 0, isEvent)
  assert.ok(slice)
  for (let at = 0; at < chunks; at++)
    assert.ok(spool.append(slice, [pieceOf(number, at)], [bytesOf(number, at)], isEvent))
  return slice
}
const endOf = (number: number) => ({
  endUtcMs: T0 + number * 10_000 + 6000,
  endPtsMs: 6000,
  endSeq: 149,
  frames: 150,
  reason: 'idr' as const,
})

/** What a file that was cut or damaged still gives: whole pieces from the beginning, with the bytes that were written. */
const checkRest = (path: string, what: string): number => {
  const stored = recoverStored(path)
  if (!stored) return 0
  assert.equal(stored.to % PIECE_BYTES, 0, what)
  const upload = StoredUpload.open(path)!
  try {
    const got: Buffer[] = []
    for (let offset = 0; offset < upload.to; ) {
      const { views, total } = upload.append(offset, 1000)
      for (const view of views) {
        got.push(Buffer.from(view))
        offset += view.length
      }
      if (total !== undefined) assert.equal(total, offset, what)
    }
    const bytes = Buffer.concat(got)
    const whole = Buffer.concat([0, 1, 2].map((at) => bytesOf(1, at)))
    assert.ok(whole.subarray(0, bytes.length).equals(bytes), `${what}: other bytes`)
    return bytes.length
  } finally {
    upload.close()
  }
}

for (const isEnded of [false, true])
  test(`power cut at any byte: what was whole before is there (${isEnded ? 'ended' : 'open'} slice)`, () => {
    const { spool } = open()
    const slice = fill(spool, 1)
    if (isEnded) spool.end(slice, endOf(1))
    spool.close()
    const good = readFileSync(slice.path)
    const counts = new Set<number>()
    for (let bytes = 0; bytes <= good.length; bytes++) {
      if (bytes < good.length - TAIL_BYTES && bytes % STRIDE > 0) continue
      writeFileSync(slice.path, good.subarray(0, bytes))
      counts.add(checkRest(slice.path, `cut at ${bytes}`))
      // opened once, it is good: a second start finds the same
      if (existsSync(slice.path)) recoverStored(slice.path)
    }
    assert.deepEqual([...counts], [0, PIECE_BYTES, 2 * PIECE_BYTES, 3 * PIECE_BYTES])
    for (let at = 0; at < good.length; at++) {
      if (at < good.length - TAIL_BYTES && at % STRIDE > 0) continue
      const bad = Buffer.from(good)
      bad[at]! ^= 0x40
      writeFileSync(slice.path, bad)
      checkRest(slice.path, `flipped at ${at}`)
    }
  })

test('another start: torn files are cut, files that are none are removed, the rest can be sent', () => {
  const first = open()
  const whole = fill(first.spool, 1)
  first.spool.end(whole, endOf(1))
  const torn = fill(first.spool, 2)
  first.spool.close()
  writeFileSync(torn.path, readFileSync(torn.path).subarray(0, -10))
  writeFileSync(join(folder, `0-${idOf(3)}.slice`), 'rubbish')
  const { spool } = open()
  const slices = [...spool.slices]
  assert.deepEqual(
    slices.map(({ id, to, isEnded, isLeft }) => [id, to, isEnded, isLeft]),
    [
      [idOf(1), 3 * PIECE_BYTES, true, true],
      [idOf(2), 2 * PIECE_BYTES, true, true],
    ],
  )
  assert.equal(readdirSync(folder).length, 2)
  assert.equal(spool.status.bytes, statSync(whole.path).size + statSync(torn.path).size)
  const rest = StoredUpload.open(torn.path)!
  assert.equal(rest.append(0, 1_000_000).total, undefined)
  assert.equal(rest.append(PIECE_BYTES, 1_000_000).total, 2 * PIECE_BYTES)
  rest.close()
})

test('a piece that was damaged while it lay there ends its slice; what comes before is sent', () => {
  const { spool } = open()
  const slice = fill(spool, 1)
  spool.end(slice, endOf(1))
  spool.close()
  const bad = readFileSync(slice.path)
  const at = bad.indexOf(Buffer.from(bytesOf(1, 1)))
  bad[at + 5]! ^= 1
  writeFileSync(slice.path, bad)
  const upload = StoredUpload.open(slice.path)!
  assert.equal(upload.to, 3 * PIECE_BYTES)
  const first = upload.append(0, 1_000_000)
  assert.equal(first.views[0]!.length, PIECE_BYTES)
  const second = upload.append(PIECE_BYTES, 1_000_000)
  assert.equal(second.total, PIECE_BYTES)
  assert.equal(upload.lostBytes, 2 * PIECE_BYTES)
  upload.close()
})

/** What is there at a cap of about three slices, by policy, after five of which the second is an event's. */
const POLICIES: { policy: DropPolicy; left: number[]; refused: number[] }[] = [
  { policy: 'oldest', left: [3, 4, 5], refused: [] },
  { policy: 'non-event-first', left: [2, 4, 5], refused: [] },
  { policy: 'newest', left: [1, 2, 3], refused: [4, 5] },
]
for (const { policy, left, refused } of POLICIES)
  test(`at the cap: ${policy}`, () => {
    const { spool, dropped } = open({ maxBytes: 300_000, policy })
    const big = new Uint8Array(90_000)
    const gone: number[] = []
    for (let number = 1; number <= 5; number++) {
      const isEvent = number === 2
      const slice = spool.begin(0, startOf(number), new Uint8Array(0), 0, isEvent)
      const isKept = slice && spool.append(slice, [pieceOf(number, 0)], [big], isEvent)
      if (!slice || !isKept) gone.push(number)
      if (!slice) continue
      spool.end(slice, endOf(number))
      slice.isLeft = true
      if (!isKept) spool.remove(slice)
    }
    assert.ok(spool.status.bytes <= 300_000)
    assert.deepEqual(
      [...spool.slices].map(({ id }) => Number(id.slice(17))),
      left,
    )
    assert.deepEqual(gone, refused)
    assert.equal(
      dropped.reduce((sum, { bytes }) => sum + bytes, 0),
      (5 - left.length - refused.length) * big.length,
    )
    spool.close()
  })

test('when events fill the spool, what belongs to none is refused', () => {
  const { spool } = open({ maxBytes: 200_000 })
  const big = new Uint8Array(90_000)
  for (const number of [1, 2]) {
    const slice = spool.begin(0, startOf(number), new Uint8Array(0), 0, true)!
    assert.ok(spool.append(slice, [pieceOf(number, 0)], [big], true))
    spool.end(slice, endOf(number))
  }
  const other = spool.begin(0, startOf(3), new Uint8Array(0), 0, false)!
  assert.equal(spool.append(other, [pieceOf(3, 0)], [big], false), false)
  const event = spool.begin(0, startOf(4), new Uint8Array(0), 0, true)!
  assert.ok(spool.append(event, [pieceOf(4, 0)], [big], true))
  spool.close()
})

test('a full disk is told of once, and used again when it takes writes', async () => {
  if (!existsSync('/dev/full')) return
  const errors: string[] = []
  const { spool } = open({}, errors)
  for (const number of [1, 2]) symlinkSync('/dev/full', join(folder, `0-${idOf(number)}.slice`))
  assert.equal(spool.begin(0, startOf(1), new Uint8Array(0), 0, false), undefined)
  assert.match(spool.status.fault, /ENOSPC|no space/i)
  // not asked at every frame
  assert.equal(spool.begin(0, startOf(3), new Uint8Array(0), 0, false), undefined)
  await clock.advance(31_000)
  assert.equal(spool.begin(0, startOf(2), new Uint8Array(0), 0, false), undefined)
  assert.equal(errors.length, 1)
  await clock.advance(31_000)
  const slice = fill(spool, 3)
  assert.equal(spool.status.fault, '')
  spool.end(slice, endOf(3))
  assert.equal(spool.status.slices, 1)
  spool.close()
})

test('a folder that can not be made: a fault, and no exception', () => {
  const errors: string[] = []
  writeFileSync(join(folder, 'file'), '')
  const spool = new Spool({
    folder: join(folder, 'file', 'spool'),
    maxBytes: 2_000_000,
    policy: 'oldest',
    clock,
    log: { ...quiet, error: (message) => void errors.push(message) },
    onDropped: () => {},
  })
  assert.notEqual(spool.status.fault, '')
  assert.equal(spool.begin(0, startOf(1), new Uint8Array(0), 0, false), undefined)
  assert.equal(errors.length, 1)
})

// ── SIGKILL ─────────────────────────────────────────────────────────────────────────────────────────

const CHILD = fileURLToPath(new URL('./recording-process.ts', import.meta.url))
const CLIP = fileURLToPath(new URL('../../../tools/demo/clip.h264', import.meta.url))
const KILLS = 'Bun' in globalThis ? 3 : 1
const SEED = Number(process.env.SKYRILL_SEED ?? 1)

const startChild = (path: string): ChildProcess => {
  const runtime = process.execPath
  const args =
    'Deno' in globalThis
      ? ['run', '-A', '--no-check', '--no-lock', CHILD]
      : 'Bun' in globalThis
        ? [CHILD]
        : ['--import', 'tsx', CHILD]
  return spawn(runtime, [...args, path], { stdio: ['ignore', 'pipe', 'inherit'] })
}

test('SIGKILL at a random moment: the spool opens and has whole pieces of what was recorded', async () => {
  const next = random(SEED)
  const expected = await muxedTs(looped(await framesOf(CLIP, 'h264'), 4, 20_480))
  for (let kill = 0; kill < KILLS; kill++) {
    const path = join(folder, String(kill))
    mkdirSync(path)
    const child = startChild(path)
    const pushes = 100 + Math.floor(next() * 900)
    await new Promise<void>((resolve, reject) => {
      let text = ''
      child.on('error', reject)
      child.on('exit', () => resolve())
      child.stdout!.on('data', (data: Buffer) => {
        text += data.toString()
        const last = text.trim().split('\n').at(-1)!
        if (Number(last) >= pushes) child.kill('SIGKILL')
      })
    })
    const files = readdirSync(path, { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.slice'))
      .sort()
    assert.ok(files.length > 0, `killed after ${pushes} pushes: nothing was kept`)
    let at = 0
    for (const file of files) {
      const stored = recoverStored(join(path, file))
      if (!stored) continue
      assert.equal(stored.from, 0)
      const upload = StoredUpload.open(join(path, file))!
      for (let offset = 0; offset < upload.to; ) {
        const view = upload.append(offset, 1_000_000).views[0]!
        const place = expected.subarray(at, at + view.length)
        assert.ok(place.equals(view), `${file}: other bytes at ${offset} (seed ${SEED})`)
        offset += view.length
        at += view.length
      }
      assert.equal(upload.lostBytes, 0)
      upload.close()
    }
  }
})
