import { realpathSync } from 'node:fs'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'

/** Whether a module is the program that was started, on Bun, Deno and Node, through a symbolic link too. */
export const isMain = (url: string): boolean => {
  const started = argv[1]
  if (started === undefined) return false
  try {
    return realpathSync(started) === realpathSync(fileURLToPath(url))
  } catch {
    return false
  }
}
