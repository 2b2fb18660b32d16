import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CloudOptions } from '../cloud/server/index.ts'
import type { CloudAddress } from './fleet/grants.ts'
import type { LoadResult, LoadTask } from './fleet/load.ts'
import { nginxVersion, startDav } from './fleet/nginx.ts'
import { Program } from './fleet/program.ts'
import { sharedMissing, startShared } from './fleet/shared.ts'
import { type Usage, usage } from './fleet/usage.ts'
import type { BenchResult } from './harness.ts'
import { machine } from './machine.ts'

const WARM_UP_S = 8
const SECONDS = 30
/** Cameras of the steps when none are given: until a chunk is late. */
const STEPS = [250, 500, 750, 1000, 1250, 1500, 2000] as const
/** The same for two instances, whose engines are on the same two cores. */
const SHARED_STEPS = [50, 100, 150, 200, 300, 400] as const
/** Cameras that send without a pause, to see how many bytes go through. */
const FLOOD_CAMERAS = 64
const FLOOD_SECONDS = 10
const FLOOD_WARM_UP_S = 3

export type FleetRun = LoadResult & {
  server: string
  cameras: number
  /** cores that the server, and the load generator on the same machine, kept busy */
  serverCores: number
  loadCores: number
  /** resident memory at the end, and divided by the cameras: a server without any has freed little of what its start took */
  rssMiB: number
  rssKiBPerCamera: number
  cpuMsPerCameraSecond: number
}

export type FleetResult = BenchResult & {
  runs: FleetRun[]
  /** the most cameras of whose chunks all were acknowledged in time */
  sustained: number
  /** the same of two instances on shared engines */
  instances: FleetRun[]
  sustainedByTwo: number
  flood?: { cloud: FleetRun; ceiling: FleetRun | undefined }
  skipped: string[]
}

export type FleetOptions = { cameras?: number; seconds?: number; only?: string }

type Server = { name: string; pids: number[]; target: LoadTask['target']; stop(): Promise<void> }

const usageOf = (pids: readonly number[]): Usage =>
  pids.map(usage).reduce((a, b) => ({ cpuS: a.cpuS + b.cpuS, rssBytes: a.rssBytes + b.rssBytes }))

/** One measurement: a server, and a load on it from another process. */
const measure = async (server: Server, task: Omit<LoadTask, 'target'>): Promise<FleetRun> => {
  const load = new Program('load.ts', { ...task, target: server.target })
  try {
    await load.next<{ measuring: true }>()
    const [serverFrom, loadFrom, from] = [usageOf(server.pids), usage(load.pid), performance.now()]
    await load.next<{ measured: true }>()
    const [serverTo, loadTo] = [usageOf(server.pids), usage(load.pid)]
    const tookS = (performance.now() - from) / 1000
    const { result } = await load.next<{ result: LoadResult }>()
    const serverCores = (serverTo.cpuS - serverFrom.cpuS) / tookS
    return {
      ...result,
      server: server.name,
      cameras: task.cameras,
      serverCores,
      loadCores: (loadTo.cpuS - loadFrom.cpuS) / tookS,
      rssMiB: serverTo.rssBytes / 2 ** 20,
      rssKiBPerCamera: serverTo.rssBytes / 1024 / task.cameras,
      cpuMsPerCameraSecond: (serverCores * 1000) / task.cameras,
    }
  } finally {
    await load.stop()
  }
}

/** The cloud as it is without any setting: disk, index and broker in its one process. */
const startEmbedded = async (folder: string): Promise<Server> => {
  const options: CloudOptions = {
    ...{ dataDir: join(folder, 'data'), httpPort: 0, mqttPort: 0, logLevel: 'warn' },
    ...{ minFreeBytes: 0, apiPerSecond: 100_000 },
  }
  const program = new Program('server.ts', options)
  const address = await program.next<CloudAddress>()
  return {
    name: 'cloud, one process',
    pids: [program.pid],
    target: { kind: 'cloud', address, isHmac: true },
    stop: () => program.stop(),
  }
}

const startInstances = async (folder: string): Promise<Server> => {
  const { pids, address, stop } = await startShared(folder)
  const name = 'two instances on PostgreSQL, versitygw, Mosquitto, behind nginx'
  return { name, pids, target: { kind: 'cloud', address, isHmac: false }, stop }
}

const startCeiling = async (folder: string): Promise<Server> => {
  const dav = await startDav(join(folder, 'nginx'))
  return {
    name: 'nginx, WebDAV PUT',
    pids: [dav.pid],
    target: { kind: 'put', url: dav.url },
    stop: dav.stop,
  }
}

/** Runs `use` against a fresh server in a fresh folder. */
const against = async (
  start: (folder: string) => Promise<Server>,
  task: Omit<LoadTask, 'target'>,
): Promise<FleetRun> => {
  const folder = mkdtempSync(join(tmpdir(), 'skyrill-fleet-'))
  try {
    const server = await start(folder)
    try {
      return await measure(server, task)
    } finally {
      await server.stop()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const isSustained = ({ late, errors }: FleetRun): boolean => late === 0 && errors.length === 0

const sustainedOf = (runs: readonly FleetRun[]): number =>
  Math.max(0, ...runs.filter(isSustained).map(({ cameras }) => cameras))

/** How many cameras of 1 Mbit/s the cloud takes, and how many bytes beside those that a web server takes as files. */
export const runFleet = async (options: FleetOptions): Promise<FleetResult> => {
  const skipped: string[] = []
  const wants = (part: string) => options.only === undefined || options.only === part
  const seconds = options.seconds ?? SECONDS
  const climb = async (start: typeof startEmbedded, steps: readonly number[]) => {
    const runs: FleetRun[] = []
    for (const cameras of options.cameras ? [options.cameras] : steps) {
      console.error(`${cameras} cameras`)
      const task = { cameras, seconds, warmUpSeconds: WARM_UP_S, pace: 'paced' } as const
      const run = await against(start, task)
      runs.push(run)
      if (!isSustained(run)) break
    }
    return runs
  }
  const runs = wants('paced') ? await climb(startEmbedded, STEPS) : []
  let instances: FleetRun[] = []
  if (wants('instances')) {
    const missing = sharedMissing()
    if (missing) skipped.push(`two instances: ${missing}`)
    else instances = await climb(startInstances, SHARED_STEPS)
  }
  let flood: FleetResult['flood'] | undefined
  if (wants('flood')) {
    const task = {
      ...{ cameras: FLOOD_CAMERAS, seconds: FLOOD_SECONDS, warmUpSeconds: FLOOD_WARM_UP_S },
      pace: 'flood',
    } as const
    console.error('as fast as it goes')
    const cloud = await against(startEmbedded, task)
    if (nginxVersion() === undefined) skipped.push('nginx is not installed (apt-get install nginx)')
    const ceiling = nginxVersion() === undefined ? undefined : await against(startCeiling, task)
    flood = { cloud, ceiling }
  }
  const version = nginxVersion()
  return {
    cases: [],
    machine: machine({ bun: process.versions.bun ?? '', ...(version && { nginx: version }) }),
    runs,
    sustained: sustainedOf(runs),
    instances,
    sustainedByTwo: sustainedOf(instances),
    ...(flood && { flood }),
    skipped,
  }
}
