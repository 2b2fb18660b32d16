import assert from 'node:assert/strict'
import { createDecipheriv } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { iv_cs_format_e } from '../../../runtime/index.ts'
import type { Piece } from '../../../runtime/mqtt/messages.ts'
import { decryptSlice, pieceIv, sliceKey } from '../../support/decrypt.ts'
import { FakeCloud, type FakeSlice } from '../../support/fake-cloud.ts'
import { type Frame, framesOf } from '../../support/frames.ts'
import { random } from '../../support/random.ts'
import { quiet, TestCamera } from '../../support/test-camera.ts'

const CUTS = 100
const SEED = Number(process.env.SKYRILL_SEED ?? 20_261_124)
const clip = (name: string): string =>
  fileURLToPath(new URL(`../../../tools/demo/${name}`, import.meta.url))

/** Final pieces of a slice, in order. */
const piecesOf = ({ indexes }: FakeSlice): Piece[] => [
  ...new Map(indexes.flatMap((index) => index.pieces).map((piece) => [piece.o, piece])).values(),
]

/** What can be had of the beginning of a slice's file: whole pieces, and of the one that is cut its whole blocks. */
const decryptCut = (bytes: Buffer, { start }: FakeSlice, pieces: readonly Piece[]): Buffer => {
  const { encryption, initBytes } = start
  const whole = pieces.filter(({ o, b }) => o + b <= bytes.length)
  const plain = [decryptSlice(bytes, Math.min(initBytes, bytes.length), whole, encryption!)]
  const cut = pieces[whole.length]
  if (cut && bytes.length > cut.o) {
    const iv = pieceIv(encryption!.iv, whole.length)
    const decipher = createDecipheriv('aes-128-cbc', sliceKey(encryption!), iv)
    decipher.setAutoPadding(false)
    const blocks = (bytes.length - cut.o) & ~15
    plain.push(decipher.update(bytes.subarray(cut.o, cut.o + blocks)))
  }
  return Buffer.concat(plain)
}

describe('an encrypted upload that is cut anywhere', () => {
  let cloud: FakeCloud
  let frames: Frame[]
  before(async () => {
    cloud = await new FakeCloud().start()
    frames = await framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') })
  })
  after(() => cloud.stop())

  for (const [name, format] of [
    ['TS', iv_cs_format_e.IV_CS_FORMAT_TS],
    ['fMP4', iv_cs_format_e.IV_CS_FORMAT_FMP4],
  ] as const)
    test(`${name}: all but its last block is there (${CUTS} cuts, seed ${SEED})`, async () => {
      cloud.slices.clear()
      const camera = new TestCamera()
      const code = await camera.system.init({
        productId: 'TEST',
        deviceName: 'camera',
        deviceSecret: 'secret',
        cloudUrl: cloud.mqttUrl,
        encryption: { mode: 'cloud' },
        logger: quiet,
      })
      assert.equal(code, 0, camera.system.lastError)
      await camera.init({ cs_fmt: format })
      await camera.started
      assert.deepEqual(await camera.record(frames, 60), [])
      await camera.close()
      const next = random(SEED)
      const slices = [...cloud.slices.values()]
      for (let cut = 0; cut < CUTS; cut++) {
        const slice = slices[Math.floor(next() * slices.length)]!
        const pieces = piecesOf(slice)
        const { initBytes, encryption } = slice.start
        const plain = decryptSlice(slice.bytes, initBytes, pieces, encryption!)
        const length = Math.floor(next() * slice.bytes.length)
        const had = decryptCut(slice.bytes.subarray(0, length), slice, pieces)
        assert.ok(plain.subarray(0, had.length).equals(had), `cut at ${length}`)
        // what is missing: the padding of the pieces before, and one block that is not whole
        const before = pieces.filter(({ o, b }) => o + b <= length).length
        assert.ok(had.length > length - 16 * (before + 1), `cut at ${length}: ${had.length}`)
      }
    })
})
