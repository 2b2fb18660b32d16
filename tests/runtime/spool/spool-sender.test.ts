import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { SliceStart } from '../../../runtime/mqtt/messages.ts'
import { Spool } from '../../../runtime/spool/spool.ts'
import { SpoolSender } from '../../../runtime/spool/spool-sender.ts'
import { CredentialStore } from '../../../runtime/upload/credentials.ts'
import { Scheduler } from '../../../runtime/upload/scheduler.ts'
import type { Append, SliceClient } from '../../../runtime/upload/tus.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { TOKEN } from '../../support/sim-line.ts'
import { quiet } from '../../support/test-camera.ts'

const T0 = 1_780_000_000_000
const START: SliceStart = {
  id: '0123456789abcdef-00000001',
  format: 'ts',
  codecs: 'avc1.64001f',
  width: 640,
  height: 360,
  startUtcMs: T0,
  startPtsMs: 0,
  startSeq: 0,
  discontinuity: false,
  initBytes: 0,
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skyrill-sender-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** The spool was full in the middle of the second piece; the uplink had brought the cloud some of the slice. */
const sendCut = async (cloudBytes: number): Promise<{ appends: Append[]; lost: number[] }> => {
  const clock = new FakeClock()
  const options = { folder, maxBytes: 1024 * 1024, policy: 'newest', clock, log: quiet } as const
  const spool = new Spool({ ...options, onDropped() {} })
  const slice = spool.begin(0, START, new Uint8Array(0), 0, false)!
  const pieces = [
    { o: 0, b: 1000, t: T0, d: 2000, n: 10, k: 1 as const },
    { o: 1000, b: 500, t: T0 + 2000, d: 1000, n: 5, k: 1 as const, open: 1 as const },
  ]
  assert.ok(spool.append(slice, pieces, [new Uint8Array(1500)], false))
  slice.isLeft = true
  spool.end(slice, undefined)
  spool.close()
  // a kill forgets nothing of it
  const again = new Spool({ ...options, onDropped() {} })
  assert.ok([...again.slices].every(({ isCut }) => isCut))
  const appends: Append[] = []
  const lost: number[] = []
  let at = cloudBytes
  const location = new URL(`http://cloud/${START.id}`)
  const ok = { outcome: 'ok', message: '' } as const
  const client: SliceClient = {
    create: async () => ({ ...ok, status: 200, location, offset: at }),
    ask: async () => ({ ...ok, status: 200, offset: at }),
    append: async (_, __, append) => {
      appends.push(append)
      at = append.offset + append.views.reduce((sum, { length }) => sum + length, 0)
      return { ...ok, status: 204, offset: at }
    },
    close() {},
  }
  const scheduler = new Scheduler(clock)
  const sender = new SpoolSender({
    channel: 0,
    spool: again,
    clock,
    random: () => 0.5,
    log: quiet,
    client,
    credentials: new CredentialStore(
      0,
      async () => TOKEN,
      clock,
      () => 0.5,
    ),
    scheduler,
    times: () => ({ sendMs: 6000, replyMs: 5000 }),
    onSent: (_, bytes) => void lost.push(bytes),
    onRefused: (_, reason) => assert.fail(reason),
  })
  sender.wake()
  for (let turn = 0; turn < 100 && lost.length === 0; turn++) await clock.advance(100)
  sender.close()
  scheduler.close()
  again.close()
  return { appends, lost }
}

const lastPiece = ({ index }: Append) => index.pieces.map(({ o, b, n }) => ({ o, b, n })).at(-1)
const LAST = { o: 1000, b: 500, n: 5 }

test('cut in a piece of which the cloud has a part: it has the rest, and hears where the piece ends', async () => {
  const { appends, lost } = await sendCut(1200)
  assert.deepEqual(lost, [0])
  assert.deepEqual(
    appends.map(({ offset, total }) => [offset, total]),
    [[1200, 1500]],
  )
  assert.deepEqual(appends.map(lastPiece), [LAST])
})

test('cut in a piece of which the cloud has more: it hears up to where its pictures are whole', async () => {
  const { appends, lost } = await sendCut(1700)
  assert.deepEqual(lost, [0])
  assert.deepEqual(
    appends.map(({ offset, total }) => [offset, total]),
    [[1700, 1700]],
  )
  assert.deepEqual(appends.map(lastPiece), [LAST])
})

test('cut in a piece that the cloud has not begun with: it ends where the bytes do', async () => {
  const { appends, lost } = await sendCut(1000)
  assert.deepEqual(lost, [0])
  assert.equal(appends.at(-1)?.total, 1500)
  assert.equal(appends.at(-1)?.index.end?.frames, 15)
})
