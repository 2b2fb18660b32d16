/** A capture function in C writes pictures through bun:ffi to where the core muxes them: no copy on the way. Bun only. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { CLOSED_STOP, Core, FORMAT_FMP4, FORMAT_TS } from '../../core-wasm/index.ts'
import { openCloud } from '../cloud/support/cloud.ts'
import { register, slicesOf } from '../e2e/support/cloud-client.ts'
import { ROOT, withTempFolder } from '../support/paths.ts'
import { needTool } from '../support/tools.ts'

const EXAMPLE = join(ROOT, 'examples', 'ffi-capture')
const CLIP = join(ROOT, 'tools', 'demo', 'clip.h264')
const PICTURE_MAX = 256 * 1024
const PICTURES = 200
/** Of each picture these are looked for where C wrote them. */
const LAST_BYTES = 64

const build = (folder: string, source: string): string => {
  const out = join(folder, `${source}.so`)
  const args = ['-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-o', out]
  const done = spawnSync('gcc', [...args, join(EXAMPLE, `${source}.c`)], { encoding: 'utf8' })
  assert.equal(done.status, 0, done.stderr)
  return out
}

/** The driver of the example, with the address of a memory. */
const openDriver = async (library: string) => {
  const { dlopen, ptr } = await import('bun:ffi')
  const { symbols } = dlopen(library, {
    camera_open: { args: ['cstring'], returns: 'int' },
    camera_next: { args: ['u64', 'u32'], returns: 'i32' },
    camera_pts_ms: { args: [], returns: 'f64' },
    camera_is_idr: { args: [], returns: 'int' },
    camera_close: { args: [], returns: 'void' },
  })
  assert.equal(symbols.camera_open(Buffer.from(`${CLIP}\0`)), 0)
  return { ...symbols, addressOf: (memory: Uint8Array) => Number(ptr(memory)) }
}
type Driver = Awaited<ReturnType<typeof openDriver>>

/** Calls `play`, and tells how often JavaScript copied bytes into or inside `memory` meanwhile. */
const copiesDuring = (memory: Uint8Array, play: () => void): number => {
  let copies = 0
  const { set, copyWithin } = Uint8Array.prototype
  Uint8Array.prototype.set = function (this: Uint8Array, ...args) {
    if (this.buffer === memory.buffer) copies++
    return set.apply(this, args)
  }
  Uint8Array.prototype.copyWithin = function (this: Uint8Array, ...args) {
    if (this.buffer === memory.buffer) copies++
    return copyWithin.apply(this, args)
  }
  try {
    play()
  } finally {
    Object.assign(Uint8Array.prototype, { set, copyWithin })
  }
  return copies
}

const newCore = (format: number): Promise<Core> =>
  Core.create({ ringBytes: 4 * 1024 * 1024, format, videoCodec: 0, audioInput: 4 })

/** Pushes pictures that the driver writes at the reserved address; `look` sees each after its push. */
const capture = (
  core: Core,
  driver: Driver,
  look: (address: number, length: number) => void,
): void => {
  const base = driver.addressOf(core.bytes)
  for (let count = 0; count < PICTURES; count++) {
    const address = core.reserve(PICTURE_MAX)
    assert.ok(address > 0, `status ${address}`)
    const length = driver.camera_next(base + address, PICTURE_MAX)
    assert.ok(length > 0)
    const idr = driver.camera_is_idr() !== 0
    const ptsMs = driver.camera_pts_ms()
    assert.ok(core.pushVideo(address, length, ptsMs, ptsMs, count, idr ? 0 : 1) >= 0)
    look(address, length)
  }
}

describe('capture through bun:ffi', { skip: needTool('gcc') }, () => {
  test('what C wrote is the sample of the fMP4: same place, same bytes; JavaScript copied nothing', () =>
    withTempFolder(async (folder) => {
      const driver = await openDriver(build(folder, 'file-camera'))
      const core = await newCore(FORMAT_FMP4)
      const written: { end: number; last: Buffer }[] = []
      const copies = copiesDuring(core.bytes, () =>
        capture(core, driver, (address, length) => {
          const end = address + length
          written.push({ end, last: Buffer.from(core.bytes.slice(end - LAST_BYTES, end)) })
        }),
      )
      assert.equal(copies, 0)
      core.flush(CLOSED_STOP)
      // all of it is output now, and lies where C wrote it
      const from = core.addressOf(core.tail)
      const to = from + core.head - core.tail
      assert.equal(written.length, PICTURES)
      for (const { end, last } of written) {
        assert.ok(end > from && end <= to)
        assert.ok(last.equals(core.bytes.subarray(end - LAST_BYTES, end)))
      }
      driver.camera_close()
    }))

  for (const [name, format] of [
    ['TS', FORMAT_TS],
    ['fMP4', FORMAT_FMP4],
  ] as const)
    test(`${name}: the same bytes as of pictures that JavaScript copies in`, () =>
      withTempFolder(async (folder) => {
        const library = build(folder, 'file-camera')
        const inPlace = await newCore(format)
        const copied = await newCore(format)
        const driver = await openDriver(library)
        const scratch = new Uint8Array(PICTURE_MAX)
        capture(inPlace, driver, () => {})
        driver.camera_close()
        const other = await openDriver(library)
        const to = other.addressOf(scratch)
        for (let count = 0; count < PICTURES; count++) {
          const length = other.camera_next(to, PICTURE_MAX)
          const ptsMs = other.camera_pts_ms()
          const type = other.camera_is_idr() ? 0 : 1
          assert.ok(copied.copyVideo(scratch.subarray(0, length), ptsMs, ptsMs, count, type) >= 0)
        }
        other.camera_close()
        const bytesOf = (core: Core) => {
          core.flush(CLOSED_STOP)
          return Buffer.concat(core.span(core.tail, core.head - core.tail))
        }
        const [a, b] = [bytesOf(inPlace), bytesOf(copied)]
        assert.ok(a.length > PICTURES * 500)
        assert.ok(a.equals(b))
      }))

  test('the V4L2 driver builds', () =>
    withTempFolder((folder) => void build(folder, 'v4l2-camera')))

  test('the example records to a cloud', { timeout: 110_000 }, () =>
    withTempFolder(async (folder) => {
      const cloud = await openCloud({ logLevel: 'warn' })
      try {
        const identity = await register(cloud, 'ffi')
        cpSync(join(ROOT, 'examples'), folder, { recursive: true })
        mkdirSync(join(folder, 'node_modules'))
        symlinkSync(ROOT, join(folder, 'node_modules', 'skyrill'))
        const example = spawn(process.execPath, ['capture.mjs'], {
          cwd: join(folder, 'ffi-capture'),
          timeout: 60_000,
          stdio: 'inherit',
          env: {
            ...process.env,
            SKYRILL_DRIVER: build(folder, 'file-camera'),
            SKYRILL_CLOUD: identity.cloudUrl,
            SKYRILL_PRODUCT: identity.productId,
            SKYRILL_DEVICE: identity.deviceName,
            SKYRILL_SECRET: identity.deviceSecret,
            SKYRILL_VIDEO: CLIP,
            SKYRILL_AUDIO: 'none',
            SKYRILL_SECONDS: '4',
          },
        })
        assert.deepEqual(await once(example, 'close'), [0, null])
        const slices = await slicesOf(cloud, identity)
        assert.equal(slices.length, 1)
        assert.equal(slices[0]!.state, 'done')
        assert.ok(slices[0]!.frames! > 80, `${slices[0]!.frames} pictures`)
      } finally {
        await cloud.remove()
      }
    }),
  )
})
