import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Cloud,
  type CloudOptions,
  type CloudOverrides,
  startCloud,
} from '../../../cloud/server/index.ts'
import { createLogger } from '../../../cloud/server/log.ts'
import { MIGRATIONS } from '../../../cloud/server/store/index/migrations.ts'
import { openPgliteIndex } from '../../../cloud/server/store/index/pglite.ts'
import { buildFolder } from '../../support/paths.ts'

export type TestCloud = Cloud & {
  folder: string
  /** lines that the server logged */
  log: string[]
  /** Calls the API with the admin token; `body` is sent as JSON. */
  api(method: string, path: string, body?: unknown): Promise<Response>
  /** Ends it and starts it again on the same folder (and new ports). */
  restart(): Promise<TestCloud>
  /** Ends it and removes the folder. */
  remove(): Promise<void>
}

/**
 * A data folder with an index that is made already: making one takes PGlite seconds, copying one does not. The template
 * is kept under build/ and made anew when the schema changes.
 */
export const makeFolder = async (): Promise<string> => {
  const name = createHash('sha256').update(JSON.stringify(MIGRATIONS)).digest('hex').slice(0, 16)
  const template = join(buildFolder('index-templates'), name)
  if (!existsSync(template)) {
    const partial = mkdtempSync(`${template}.`)
    await (await openPgliteIndex(partial)).close()
    // test files run in parallel: whoever is first wins, and a rename onto a folder with something in it fails
    try {
      renameSync(partial, template)
    } catch (error) {
      if (!existsSync(template)) throw error
      rmSync(partial, { recursive: true })
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'skyrill-cloud-'))
  cpSync(template, join(folder, 'index'), { recursive: true })
  return folder
}

/** A cloud on free ports of loopback, in a folder of its own. */
export const openCloud = async (
  options: CloudOptions = {},
  overrides: CloudOverrides = {},
  dataDir?: string,
): Promise<TestCloud> => {
  const folder = dataDir ?? (await makeFolder())
  const log: string[] = []
  const cloud = await startCloud(
    { dataDir: folder, httpPort: 0, mqttPort: 0, minFreeBytes: 0, ...options },
    { log: createLogger('debug', (line) => log.push(line)), ...overrides },
  )
  return {
    ...cloud,
    folder,
    log,
    api: (method, path, body) =>
      fetch(`${cloud.httpUrl}/api${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${cloud.adminToken}`,
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    restart: async () => {
      await cloud.close()
      return openCloud(options, overrides, folder)
    },
    remove: async () => {
      await cloud.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Waits until `probe` gives something, or fails after a while. */
export const until = async <T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 30_000,
): Promise<T> => {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const found = await probe()
    if (found !== undefined && found !== false) return found
    if (performance.now() > deadline) throw new Error(`timed out waiting for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
