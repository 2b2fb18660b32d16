import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** A folder under build/ that is kept between runs (made if absent). */
export const buildFolder = (name: string): string => {
  const path = join(ROOT, 'build', name)
  mkdirSync(path, { recursive: true })
  return path
}

/** Calls `use` with a fresh folder and removes it afterwards, whatever happens. */
export const withTempFolder = async <T>(use: (folder: string) => T | Promise<T>): Promise<T> => {
  const folder = mkdtempSync(join(tmpdir(), 'skyrill-test-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
