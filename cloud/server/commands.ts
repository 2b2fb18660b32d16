import { existsSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type BackupReport, writeBackup } from './backup/backup.ts'
import { BackupError, openBackup, restoreBackup } from './backup/restore.ts'
import { openExternalBroker } from './broker/external.ts'
import { type DataFolder, DataFolderInUseError, openDataFolder } from './data-folder.ts'
import { examine, type Finding } from './doctor/doctor.ts'
import type { CloudOptions } from './env.ts'
import { createLogger, errorText } from './log.ts'
import type { IndexStore } from './store/index/types.ts'
import type { ObjectStore } from './store/objects/types.ts'
import { DEFAULT_MIN_FREE_BYTES, openIndex, openObjects } from './store/open.ts'
import { storedToken } from './tokens.ts'

export const COMMANDS_HELP = `skyrill cloud: run the cloud (ingest, index, playback page)

  skyrill cloud                 run it
  skyrill cloud doctor          are stores, broker, disk and clock in order, is every recording there
  skyrill cloud backup FILE     index, recordings, tokens and keys in one file, whether it runs or not
  skyrill cloud restore FILE    into an empty data folder (and an empty database); the server must not run

  Settings come from the environment; the README of skyrill-cloud lists them all.
  A backup holds secrets: keep it as you keep the data folder. Exit code: 0 done, 1 failed, 2 wrong usage.`

/** One of the stores cannot be opened. */
class StoreError extends Error {
  constructor(
    readonly store: 'index' | 'objects',
    cause: unknown,
  ) {
    super(errorText(cause))
  }
}

const opened = <T>(store: StoreError['store'], opening: Promise<T>): Promise<T> =>
  opening.catch((error) => {
    throw new StoreError(store, error)
  })

type Stores = { folder: DataFolder; index: IndexStore; objects: ObjectStore }

/** Opens what a server that does not run has. Undefined when one runs. */
const withStores = async <T>(
  options: CloudOptions,
  use: (stores: Stores) => Promise<T>,
): Promise<T | undefined> => {
  let folder: DataFolder
  try {
    folder = openDataFolder(options.dataDir ?? 'data')
  } catch (error) {
    if (error instanceof DataFolderInUseError) return undefined
    throw error
  }
  const cleanup: (() => unknown)[] = [() => folder.release()]
  try {
    const log = createLogger('warn', undefined, 'text')
    const index = await opened('index', openIndex(options, folder, log))
    cleanup.push(() => index.close())
    const objects = await opened('objects', openObjects(options, folder, index, log))
    cleanup.push(() => objects.close())
    return await use({ folder, index, objects })
  } finally {
    for (const step of cleanup.reverse()) await step()
  }
}

/** Asks the server that runs on this folder. */
const askServer = async (options: CloudOptions, path: string): Promise<Response> => {
  const { host = '127.0.0.1', httpPort = 8080, dataDir = 'data' } = options
  const token = options.adminToken ?? storedToken(dataDir, 'admin-token').token
  const here = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  const url = `http://${here.includes(':') ? `[${here}]` : here}:${httpPort}/api${path}`
  const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` } }).catch(() => {
    throw new Error(
      `a server runs on this data folder, but ${url} is not it: give its SKYRILL_HTTP_PORT, or stop it`,
    )
  })
  if (!answer.ok) throw new Error(`the server answered ${answer.status}: ${await answer.text()}`)
  return answer
}

/** A broker that runs elsewhere can be asked without the server. */
const externalBroker = ({ mqttBrokerUrl: url }: CloudOptions) =>
  url && {
    url: url.replace(/\/\/.*@/, '//'),
    isReady: async () => {
      const log = createLogger('silent')
      await (await openExternalBroker({ url, events: { message() {} }, log })).close()
      return true
    },
  }

const doctor = async (options: CloudOptions): Promise<number> => {
  const { minFreeBytes = DEFAULT_MIN_FREE_BYTES } = options
  const broker = externalBroker(options)
  const findings =
    (await withStores(options, ({ index, objects, folder }) =>
      examine({
        ...{ index, objects, folder: folder.path, minFreeBytes, now: Date.now },
        ...(broker && { broker }),
      }),
    ).catch((error): Finding[] => {
      if (!(error instanceof StoreError)) throw error
      return [{ check: error.store, ok: false, detail: error.message }]
    })) ??
    ((await (await askServer(options, '/doctor')).json()) as { findings: Finding[] }).findings
  for (const { check, ok, detail } of findings)
    console.log(`${ok ? 'ok  ' : 'FAIL'}  ${check.padEnd(10)}  ${detail}`)
  return findings.every(({ ok }) => ok) ? 0 : 1
}

/** All of a chunk; `write` may take less than it is given. */
const writeAll = async (file: FileHandle, chunk: Uint8Array): Promise<void> => {
  let done = 0
  while (done < chunk.length) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done)
    done += bytesWritten
  }
}

/** Under another name until it is whole, checked and on the disk: FILE is a good backup or not there. */
const backup = async (options: CloudOptions, path: string): Promise<number> => {
  if (existsSync(path)) throw new Error(`${path} exists; a backup is not overwritten`)
  const draft = `${path}.partial`
  const file = await open(draft, 'w', 0o600)
  let report: BackupReport | undefined
  try {
    report = await withStores(options, ({ index, objects, folder }) =>
      writeBackup({ index, objects, folder: folder.path, now: Date.now }, (chunk) =>
        writeAll(file, chunk),
      ),
    )
    if (!report) {
      const answer = await askServer(options, '/backup')
      for await (const chunk of answer.body ?? []) await writeAll(file, chunk)
    }
    await file.sync()
    await (await openBackup(draft)).close()
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  } finally {
    await file.close()
  }
  const counts = report ? `: ${report.rows} rows, ${report.objects} objects` : ''
  console.log(`${path} is written and checked${counts}`)
  if (report && report.missing.length > 0)
    console.error(`${report.missing.length} objects are missing, the first is ${report.missing[0]}`)
  return 0
}

const restore = async (options: CloudOptions, path: string): Promise<number> => {
  const dataDir = options.dataDir ?? 'data'
  if (existsSync(join(dataDir, 'signing-key')))
    throw new Error(`${dataDir} is in use already; a backup is restored into an empty data folder`)
  const checked = await openBackup(path)
  const report = await withStores(options, ({ index, objects, folder }) =>
    restoreBackup(checked, { index, objects, folder: folder.path }),
  ).finally(() => checked.close())
  if (!report) throw new Error('a server runs on this data folder; stop it')
  console.log(
    `restored the backup of ${new Date(report.createdMs).toISOString()}: ${report.rows} rows, ${report.objects} objects`,
  )
  return 0
}

/** A command besides running the server, or undefined when there is none. */
export const runCommand = async (
  options: CloudOptions,
  [command, file, ...rest]: readonly string[],
): Promise<number | undefined> => {
  if (command === undefined) return undefined
  if (command === 'doctor' && file === undefined) return doctor(options)
  const isFile = (command === 'backup' || command === 'restore') && file !== undefined
  if (!isFile || rest.length > 0) {
    console.error(COMMANDS_HELP)
    return 2
  }
  try {
    return command === 'backup' ? await backup(options, file) : await restore(options, file)
  } catch (error) {
    if (!(error instanceof BackupError)) throw error
    throw new Error(`${file}: ${error.message}`)
  }
}
