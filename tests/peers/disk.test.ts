/**
 * Disks that are full and disks that cannot be written: a small tmpfs as the cloud's data folder, and as the device's spool. Mounts need root; without it the tests
 * are skipped.
 */
import assert from 'node:assert/strict'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { iv_cs_notify_msg_type_e } from '../../runtime/index.ts'
import { makeFolder, openCloud, until } from '../cloud/support/cloud.ts'
import { download, register, slicesOf } from '../e2e/support/cloud-client.ts'
import { demoFrames, openRig, PATIENCE_MS, settled } from '../faults/support/rig.ts'
import { run } from '../support/ffmpeg.ts'
import { looped } from '../support/frames.ts'
import { muxedTs } from '../support/muxed.ts'
import { TestCamera } from '../support/test-camera.ts'

const MIB = 1024 * 1024
const CLIP_MS = 20_480

/** Value for `skip`: a mount is made and taken away. */
const needMounts = (): false | string => {
  const folder = mkdtempSync(join(tmpdir(), 'skyrill-mount-'))
  try {
    const done = run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder])
    if (done.status !== 0) return `a tmpfs cannot be mounted: ${done.stderr.trim()} (needs root)`
    run('umount', [folder])
    return false
  } catch (error) {
    return `a tmpfs cannot be mounted: ${(error as Error).message}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A small disk of its own, and its change between writable and not. */
const withDisk = async (
  size: string,
  use: (folder: string, remount: (how: 'ro' | 'rw') => void) => Promise<void>,
): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'skyrill-disk-'))
  const mount = (...args: string[]): void => {
    const done = run('mount', args)
    if (done.status !== 0) throw new Error(`mount ${args.join(' ')}: ${done.stderr}`)
  }
  mount('-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder)
  try {
    await use(folder, (how) => mount('-o', `remount,${how},size=${size}`, folder))
  } finally {
    // files may be open for a moment yet: the mount goes when they are closed
    run('umount', ['-l', folder])
    rmSync(folder, { recursive: true, force: true })
  }
}

const freeBytes = (folder: string): number => {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** Takes all but so many bytes of a disk. */
const fill = (folder: string, leave: number): string => {
  const path = join(folder, 'filler')
  writeFileSync(path, Buffer.alloc(Math.max(0, freeBytes(folder) - leave)))
  return path
}

describe('disks', { timeout: 600_000, skip: needMounts() }, () => {
  test("the cloud's disk is full: 507, told of once; when there is room again all arrives", () =>
    withDisk('96m', async (disk) => {
      const template = await makeFolder()
      cpSync(template, disk, { recursive: true })
      rmSync(template, { recursive: true, force: true })
      const cloud = await openCloud({ minFreeBytes: 0 }, {}, disk)
      const camera = new TestCamera()
      try {
        const identity = await register(cloud, 'camera')
        await camera.open(identity, { u32MaxGopSize: 8 * MIB })
        await camera.started
        const frames = await demoFrames()
        const half = frames.findIndex(({ ptsMs }) => ptsMs >= 12_000)
        await camera.record(frames.slice(0, half))
        await settled(camera)
        const filler = fill(disk, 40_000)
        await camera.record(frames.slice(half))
        const { IV_CS_COS_SERVICE_WRONG: wrong } = iv_cs_notify_msg_type_e
        await until('the notice', () => camera.notices.includes(wrong), PATIENCE_MS)
        assert.ok(camera.storage.stats(0)!.bufferedBytes > 0)
        rmSync(filler)
        await settled(camera)
        await camera.close()
        assert.equal(camera.notices.filter((type) => type === wrong).length, 1)
        const slices = await slicesOf(cloud, identity)
        assert.ok((await download(cloud, slices)).equals(await muxedTs(frames)), 'every byte')
      } finally {
        await camera.system.exit()
        await cloud.close()
      }
    }))

  test("the cloud's disk becomes read-only: nothing is acknowledged, and all arrives when it is not", () =>
    withDisk('96m', async (disk, remount) => {
      const objects = join(disk, 'objects')
      const journals = join(disk, 'journals')
      const folder = await makeFolder()
      // the index stays where it is: what is tested is the store of recordings
      for (const path of [objects, journals]) mkdirSync(path)
      symlinkSync(objects, join(folder, 'objects'))
      symlinkSync(journals, join(folder, 'journals'))
      const cloud = await openCloud({ minFreeBytes: 0 }, {}, folder)
      const camera = new TestCamera()
      try {
        const identity = await register(cloud, 'camera')
        await camera.open(identity, { u32MaxGopSize: 8 * MIB })
        await camera.started
        const frames = await demoFrames()
        // a disk cannot become read-only while a file is open for writing: the slices so far are closed
        remount('ro')
        await camera.record(frames)
        const { IV_CS_COS_SERVICE_WRONG: wrong } = iv_cs_notify_msg_type_e
        await until('the notice', () => camera.notices.includes(wrong), PATIENCE_MS)
        remount('rw')
        await settled(camera)
        await camera.close()
        const slices = await slicesOf(cloud, identity)
        assert.ok((await download(cloud, slices)).equals(await muxedTs(frames)), 'every byte')
      } finally {
        await camera.system.exit()
        await cloud.remove()
      }
    }))

  for (const how of ['full', 'read-only'] as const)
    test(`the spool's disk is ${how}: recording goes on, what fits the ring arrives, the rest is in the ledger`, () =>
      withDisk('4m', async (disk, remount) => {
        const rig = await openRig()
        try {
          if (how === 'full') fill(disk, 0)
          else remount('ro')
          const frames = looped(await demoFrames(), 3, CLIP_MS)
          const camera = await rig.camera(
            'camera',
            { u32MaxGopSize: 512 * 1024 },
            { spool: { path: disk, maxBytes: 64 * MIB } },
          )
          camera.storage.setCsTransTime(1000, 1000)
          await rig.http.set({ kind: 'refuse' })
          // faster than life, slower than the ring's eviction can hide a mistake
          assert.deepEqual(await camera.record(frames, 12), [], 'no frame is refused')
          assert.notEqual(camera.storage.spoolStatus()!.fault, '', 'the fault is told')
          await rig.http.heal()
          await settled(camera)
          await camera.close()
          const bytes = await download(rig.cloud, await rig.slicesOf(camera))
          const muxed = await muxedTs(frames)
          assert.ok(bytes.length > 0 && bytes.length < muxed.length)
          const lost = camera.storage.losses(0).reduce((sum, loss) => sum + loss.bytes, 0)
          assert.equal(bytes.length + lost, muxed.length, 'what did not arrive is in the ledger')
        } finally {
          await rig.close()
        }
      }))
})
