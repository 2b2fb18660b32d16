import { statfs } from 'node:fs/promises'
import { Counter, Gauge, Histogram, type OpenMetricsContentType, Registry } from 'prom-client'
import type { BridgeCounters } from '../mqtt-bridge.ts'

/** What a request was about; paths would make a series for every recording. */
export type RequestKind = 'api' | 'media' | 'upload' | 'picture' | 'page'

/** From a picture that lies in the page cache to an append that waits for a disk. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export type MetricSources = {
  /** registered devices, and how many of them are online */
  devices(): Promise<{ registered: number; online: number }>
  openSlices(): number
  mqtt(): BridgeCounters
  /** deliveries that wait, and that were given up */
  queue(): Promise<{ waiting: number; dead: number }>
  /** whose disk the recordings fill */
  dataDir: string
}

const kindOf = (path: string): RequestKind => {
  if (path.startsWith('/tus/')) return 'upload'
  if (path.startsWith('/api/')) return 'api'
  if (path.startsWith('/media/')) return 'media'
  return path.startsWith('/pictures/') ? 'picture' : 'page'
}

/** Figures for OpenMetrics. Spec: OpenMetrics 1.0; names follow Prometheus' conventions (base units, `_total`). */
export class Metrics {
  readonly #registry = new Registry<OpenMetricsContentType>()
  readonly #requests: Histogram<'kind' | 'status'>
  readonly #ingestBytes: Counter
  readonly #appends: Counter

  constructor(sources: MetricSources) {
    const registers = [this.#registry]
    this.#registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
    this.#requests = new Histogram({
      name: 'skyrill_http_request_seconds',
      help: 'Time from the head of a request to its answer, by kind and class of status',
      labelNames: ['kind', 'status'],
      buckets: SECONDS,
      registers,
    })
    this.#ingestBytes = new Counter({
      name: 'skyrill_ingest_bytes_total',
      help: 'Bytes of slices that were acknowledged',
      registers,
    })
    this.#appends = new Counter({
      name: 'skyrill_ingest_appends_total',
      help: 'Appends to slices that were acknowledged',
      registers,
    })
    const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          this.set(await read())
        },
      })
    /** Counts that are kept elsewhere. */
    const counter = (name: string, help: string, read: () => number) =>
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset()
          this.inc(read())
        },
      })
    gauge('skyrill_open_slices', 'Slices that grow or wait for the index', sources.openSlices)
    const devices = shared(sources.devices)
    gauge('skyrill_devices', 'Registered devices', async () => (await devices()).registered)
    gauge('skyrill_devices_online', 'Devices online', async () => (await devices()).online)
    const queue = shared(sources.queue)
    gauge(
      'skyrill_deliveries_waiting',
      'Deliveries to hooks that wait',
      async () => (await queue()).waiting,
    )
    gauge(
      'skyrill_deliveries_dead',
      'Deliveries to hooks that were given up',
      async () => (await queue()).dead,
    )
    gauge('skyrill_disk_free_bytes', 'Free space of the data folder', async () => {
      const { bavail, bsize } = await statfs(sources.dataDir)
      return bavail * bsize
    })
    gauge('skyrill_disk_size_bytes', 'Size of the disk of the data folder', async () => {
      const { blocks, bsize } = await statfs(sources.dataDir)
      return blocks * bsize
    })
    counter(
      'skyrill_mqtt_messages_total',
      'MQTT messages of devices',
      () => sources.mqtt().received,
    )
    counter(
      'skyrill_mqtt_invalid_total',
      'MQTT messages that fit no schema',
      () => sources.mqtt().invalid,
    )
    counter(
      'skyrill_mqtt_failed_total',
      'MQTT messages that could not be handled',
      () => sources.mqtt().failed,
    )
    gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss())
    counter('process_cpu_seconds_total', 'Processor time, user and system', () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1e6
    })
  }

  /** Notes a request down. @param bytes of its body */
  request(method: string, path: string, status: number, seconds: number, bytes: number): void {
    const kind = kindOf(path)
    this.#requests.observe({ kind, status: `${Math.floor(status / 100)}xx` }, seconds)
    if (kind !== 'upload' || method !== 'PATCH' || status !== 204) return
    this.#appends.inc()
    this.#ingestBytes.inc(bytes)
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }
}

/** Two gauges of one question ask once. */
const shared = <T>(ask: () => Promise<T>): (() => Promise<T>) => {
  let asked: Promise<T> | undefined
  return () => {
    asked ??= ask().finally(() => {
      asked = undefined
    })
    return asked
  }
}
