import { statfs } from 'node:fs/promises'
import type { ObjectStore } from '../store/objects/types.ts'

export type Space = { freeBytes: number; totalBytes: number }

/** Room on the disk of the recordings; undefined for a store elsewhere, which has as much as it is paid for. */
export const spaceOf = async (
  objects: Pick<ObjectStore, 'isShared'>,
  folder: string,
): Promise<Space | undefined> => {
  if (objects.isShared) return undefined
  const { bavail, blocks, bsize } = await statfs(folder)
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
}
