import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ChannelCore, FlushReason, openCore } from '../../../runtime/channel/core-store.ts'
import { SliceIds } from '../../../runtime/channel/slice-ids.ts'
import { SliceQueue } from '../../../runtime/channel/slice-queue.ts'
import { EncryptedStore } from '../../../runtime/crypto/encrypted-store.ts'
import { SliceKeys } from '../../../runtime/crypto/slice-keys.ts'
import { iv_cs_format_e } from '../../../runtime/types.ts'
import { decryptSlice } from '../../support/decrypt.ts'
import { type Frame, framesOf, looped, packOf } from '../../support/frames.ts'
import { random as seededRandom } from '../../support/random.ts'
import { channelParams } from '../../support/test-camera.ts'

const clip = (name: string): string =>
  fileURLToPath(new URL(`../../../tools/demo/${name}`, import.meta.url))

const openChannel = async (format: iv_cs_format_e): Promise<ChannelCore> => {
  const core = await openCore({ ...channelParams(), cs_fmt: format } as never)
  assert.ok(core instanceof ChannelCore)
  return core
}

const push = (core: ChannelCore, frame: Frame): void => {
  const pack = packOf(frame)
  const utcMs = 1_700_000_000_000 + frame.ptsMs
  const status =
    frame.kind === 'video' ? core.pushVideo(pack, utcMs) : core.pushAudio(pack as never, utcMs)
  assert.ok(status >= 0, `status ${status}`)
}

type Read = { bytes: Buffer; upload: ReturnType<SliceQueue['take']> & object }

/** Reads slices as an uplink does: appends of any length, each acknowledged, now and then asked for twice. */
class Reader {
  readonly slices: Read[] = []
  readonly #queue: SliceQueue
  #open: Read | undefined

  constructor(
    readonly store: EncryptedStore,
    readonly random: () => number,
  ) {
    this.#queue = new SliceQueue(store, new SliceIds('0'.repeat(16), () => 1), false)
  }

  /** Makes room: all that was read. */
  releaseAll(): void {
    this.read()
    if (this.#open) this.store.release(this.#open.upload.position)
  }

  read(): void {
    for (;;) {
      const upload = this.#open?.upload ?? this.#queue.take()
      if (!upload) return
      this.#open ??= { bytes: Buffer.alloc(0), upload }
      if (!upload.hasNews) return
      const { views, total } = upload.next(1 + Math.floor(this.random() * 70_000))
      const bytes = Buffer.concat(views)
      if (this.random() < 0.2) {
        const again = upload.next(bytes.length)
        assert.deepEqual(Buffer.concat(again.views), bytes, 'read again it is the same')
      }
      this.#open.bytes = Buffer.concat([this.#open.bytes, bytes])
      upload.advance(upload.acknowledged + bytes.length)
      if (this.random() < 0.7) this.store.release(upload.position)
      if (total === undefined) continue
      assert.equal(total, this.#open.bytes.length)
      this.slices.push(this.#open)
      upload.complete = true
      this.#queue.finished(upload)
      this.#open = undefined
    }
  }
}

describe('an encrypted store', () => {
  let frames: Frame[]
  before(async () => {
    const turn = await framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') })
    frames = looped(turn, 3, Math.max(...turn.map(({ ptsMs }) => ptsMs)) + 40)
  })

  for (const [name, format] of [
    ['TS', iv_cs_format_e.IV_CS_FORMAT_TS],
    ['fMP4', iv_cs_format_e.IV_CS_FORMAT_FMP4],
  ] as const)
    for (const seed of [1, 2, 3, 4])
      test(`${name}, seed ${seed}: read in any steps, decrypted it is what the core made`, async () => {
        const random = seededRandom(seed)
        const [core, plain] = [await openChannel(format), await openChannel(format)]
        const reader = new Reader(
          new EncryptedStore(core, new SliceKeys({ mode: 'cloud' })),
          random,
        )
        const expected: Buffer[] = []
        const take = (): void => {
          for (const view of plain.span(plain.tail, plain.head - plain.tail))
            expected.push(Buffer.from(view))
          plain.release(plain.head)
        }
        for (const frame of frames) {
          push(core, frame)
          push(plain, frame)
          take()
          if (random() < 0.3) reader.read()
          if (core.head - core.tail > core.ringBytes / 2) reader.releaseAll()
        }
        core.flush(FlushReason.stop)
        plain.flush(FlushReason.stop)
        take()
        reader.read()
        assert.ok(reader.slices.length >= 3)
        const decrypted = reader.slices.map(({ bytes, upload }) => {
          const start = upload.start()
          const { pieces } = upload.describe()
          assert.deepEqual(
            pieces.map(({ o }) => o),
            pieces.map((_, at) =>
              pieces.slice(0, at).reduce((sum, piece) => sum + piece.b, start.initBytes),
            ),
          )
          const whole = decryptSlice(bytes, start.initBytes, pieces, start.encryption!)
          return whole.subarray(start.initBytes)
        })
        assert.ok(Buffer.concat(decrypted).equals(Buffer.concat(expected)))
      })
})
