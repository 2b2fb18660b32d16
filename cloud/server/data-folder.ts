import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'

/**
 * What makes the layout of one version that of the next; the first step is that of version 1. A step may be run again after a
 * kill. Steps are never edited once released.
 */
export type FolderStep = (path: string) => void
const STEPS: readonly FolderStep[] = []
/** Layout of the data folder; raised when an older server could not read what a newer one writes. */
const FIRST_VERSION = 1

export type DataFolder = {
  path: string
  objects: string
  journals: string
  index: string
  /** Gives the folder back to the next process. */
  release(): void
}

/** Another process works on the folder. */
export class DataFolderInUseError extends Error {}

/** When a process started, in clock ticks since boot; undefined where there is no /proc. */
const startTicks = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // the second field is the program's name in parentheses and may hold blanks; the 22nd is the start time
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Two servers on one folder would destroy the index, so the second one is refused. */
const lock = (path: string): void => {
  const mine = `${process.pid} ${startTicks(process.pid) ?? '-'}\n`
  for (;;) {
    try {
      writeFileSync(path, mine, { flag: 'wx', mode: 0o600 })
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const [pid, ticks] = readFileSync(path, 'utf8').trim().split(' ')
    const owner = Number(pid)
    // a lock outlives kill -9; the start time tells the owner from a later process with its number
    const held =
      owner > 0 && owner !== process.pid && isAlive(owner) && (startTicks(owner) ?? '-') === ticks
    if (held)
      throw new DataFolderInUseError(
        `the data folder is in use by process ${owner}; stop it, or give another folder (${path})`,
      )
    rmSync(path, { force: true })
  }
}

/** There is the old version or the new one, whatever happens. */
const writeVersion = (path: string, version: number): void => {
  writeFileSync(`${path}~`, `${version}\n`, { mode: 0o600 })
  renameSync(`${path}~`, path)
}

/** Brings the layout up to date, one version after the other; what a newer server has written is refused. */
const upgrade = (folder: string, steps: readonly FolderStep[]): void => {
  const path = join(folder, 'version')
  const newest = FIRST_VERSION + steps.length
  if (!existsSync(path)) {
    writeVersion(path, newest)
    return
  }
  const version = Number(readFileSync(path, 'utf8').trim())
  if (!Number.isInteger(version) || version < FIRST_VERSION)
    throw new Error(`${path} does not hold a version; is this a data folder of Skyrill?`)
  if (version > newest)
    throw new Error(
      `the data folder has version ${version}, this server knows ${newest}: use the newer server`,
    )
  for (let at = version; at < newest; at++) {
    steps[at - FIRST_VERSION]!(folder)
    writeVersion(path, at + 1)
  }
}

/** Makes the folder if absent, takes it for this process and brings it up to date. Only its owner can read it. */
export const openDataFolder = (
  dataDir: string,
  steps: readonly FolderStep[] = STEPS,
): DataFolder => {
  const path = resolve(dataDir)
  const folders = {
    path,
    objects: join(path, 'objects'),
    journals: join(path, 'journals'),
    index: join(path, 'index'),
  }
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
  const lockFile = join(path, 'lock')
  lock(lockFile)
  try {
    upgrade(path, steps)
  } catch (error) {
    rmSync(lockFile, { force: true })
    throw error
  }
  return { ...folders, release: () => rmSync(lockFile, { force: true }) }
}
