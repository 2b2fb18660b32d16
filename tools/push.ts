import { readFileSync } from 'node:fs'
import {
  CloudStorage,
  consoleLogger,
  iv_cs_format_e,
  LOG_LEVELS,
  type Logger,
  System,
} from '../runtime/index.ts'
import { Camera } from './camera/camera.ts'
import { METRICS_ADDRESS, metricsAddress, serveMetrics } from './camera/metrics-server.ts'
import { openSource } from './camera/open-source.ts'
import { StatusFigures, StatusLine } from './camera/status-line.ts'
import { bucketUplinkOption } from './cli/bucket-options.ts'
import { choiceOption, fpsOption, numberOption, readOptions, withDefault } from './cli/options.ts'
import { registeredSecret, registrationOption } from './cli/registration-options.ts'
import { ServiceManager } from './cli/service-manager.ts'
import { InputError, UsageError } from './cli/usage-error.ts'

const HELP = `skyrill push: record a file, an IP camera or a capture device to a cloud

  skyrill push --cloud URL --product-id ID --device-name NAME --device-secret SECRET --input INPUT

  --cloud URL            mqtt://host:1883, mqtts://, ws:// or wss:// (http://host means MQTT on port 1883 of it)
  --bucket URL           in place of a cloud an S3-compatible bucket, https://endpoint/bucket or https://endpoint/bucket/prefix;
                         keys from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Played by: skyrill cloud --bucket URL
  --fallback URL         a second bucket for when the first one fails
  --region NAME          region of the buckets; default AWS_REGION, else us-east-1
  --encrypt-to FILE.pem  encrypt for the owner of this RSA public key before anything leaves the device
  --product-id ID        identity of the device, as registered with the cloud
  --device-name NAME
  --device-secret SECRET (or the environment variable SKYRILL_DEVICE_SECRET, which other users cannot see)
  --product-secret SECRET in place of a device secret (or SKYRILL_PRODUCT_SECRET): the device registers itself and keeps
                         its secret in --secret-file FILE (default PRODUCT-NAME.secret); --http URL is the HTTP address of the cloud
  --input INPUT          FILE.h264 or .h265: raw stream, looped in real time with times that go on
                         v4l2:/dev/video0: a camera of this board, its own H.264 where it has an encoder (ffmpeg)
                         anything else that ffmpeg reads: FILE.mp4, FILE.ts, rtsp://camera/stream
  --audio FILE           sound for a raw input: AAC-LC with ADTS headers, WAV (PCM, G.711), or bare G.711 (.g711a, .g711u)
  --rate HZ              samples per second of bare G.711; default 8000
  --fps N                pictures per second of a raw input; default: what the stream says, else 25
  --speed N              a raw input in time lapse: N times as fast, for tests; default 1
  --channel N            0 for a device with one camera (default), 1 to 64 for the cameras of one with several
  --format ts|fmp4       default ts
  --buffer KIB           buffer for what the cloud has not acknowledged, 4 to 65536 KiB in steps of 4; default 4096
  --login hmac|static    default hmac
  --ca FILE.pem          authority of the cloud's certificate, when it is not a public one
  --store DIR            folder for what outlives a restart: the spool, reports of events, the day's count
  --spool MIB            keep what the line does not carry in DIR, so much at most, and send it later
  --daily MIB            bytes that a metered line may carry in a day (UTC), at least 1; events go first
  --metrics [HOST:PORT]  answer GET /metrics with counters and gauges as OpenMetrics text; default ${METRICS_ADDRESS}
  --log LEVEL            ${LOG_LEVELS.join(', ')}; default warn

  Ctrl-C ends cleanly: the last slice is closed and acknowledged. Exit code: 0 done, 1 failed, 2 wrong usage.`

const OPTIONS = {
  cloud: { type: 'string' },
  bucket: { type: 'string' },
  fallback: { type: 'string' },
  region: { type: 'string' },
  'encrypt-to': { type: 'string' },
  'product-id': { type: 'string' },
  'device-name': { type: 'string' },
  'device-secret': { type: 'string' },
  'product-secret': { type: 'string' },
  'secret-file': { type: 'string' },
  http: { type: 'string' },
  input: { type: 'string' },
  audio: { type: 'string' },
  rate: { type: 'string' },
  speed: { type: 'string' },
  fps: { type: 'string' },
  channel: { type: 'string' },
  format: { type: 'string' },
  buffer: { type: 'string' },
  login: { type: 'string' },
  ca: { type: 'string' },
  store: { type: 'string' },
  spool: { type: 'string' },
  daily: { type: 'string' },
  metrics: { type: 'string' },
  log: { type: 'string' },
} as const

const STATUS_INTERVAL_MS = 1000
/** A source that gives nothing for so long is dead for the service manager's watchdog. */
const SOURCE_DEAD_MS = 30_000

const required = (name: string, value: string | undefined): string => {
  if (value === undefined || value === '') throw new UsageError(`--${name} is required`)
  return value
}

const readPem = (name: string, path: string | undefined): string | undefined => {
  if (path === undefined) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new InputError(`--${name} ${path}: ${(error as Error).message}`)
  }
}

const MIB = 1024 * 1024

/** What is kept on disk, and what a line may carry. */
const keptOptions = (values: { store?: string; spool?: string; daily?: string }) => {
  const spoolMib = numberOption('spool', values.spool, { min: 1, max: 1_048_576, unit: 'MiB' })
  const dailyMib = numberOption('daily', values.daily, { min: 1, max: 1_048_576, unit: 'MiB' })
  if (spoolMib !== undefined && values.store === undefined)
    throw new UsageError('--spool needs a folder: --store DIR')
  return {
    storePath: values.store,
    spool: spoolMib === undefined ? undefined : { maxBytes: spoolMib * MIB },
    dailyBytes: dailyMib === undefined ? undefined : dailyMib * MIB,
  }
}

const parse = (args: string[]) => {
  const { values } = readOptions(withDefault(args, 'metrics', METRICS_ADDRESS), OPTIONS)
  if (values.help) return undefined
  const bufferKib = numberOption('buffer', values.buffer, { min: 4, max: 65_536, unit: 'KiB' })
  if (bufferKib !== undefined && bufferKib % 4 !== 0)
    throw new UsageError(`--buffer ${bufferKib}: must be a multiple of 4 KiB`)
  const secret = values['device-secret'] ?? process.env.SKYRILL_DEVICE_SECRET
  const ca = readPem('ca', values.ca)
  const publicKey = readPem('encrypt-to', values['encrypt-to'])
  const uplink = bucketUplinkOption({ ...values, ca })
  const registration = secret === undefined ? registrationOption(values, ca) : undefined
  return {
    uplink,
    encryption: publicKey === undefined ? undefined : { mode: 'owner' as const, publicKey },
    cloudUrl: uplink ? values.cloud : required('cloud', values.cloud),
    productId: required('product-id', values['product-id']),
    deviceName: required('device-name', values['device-name']),
    registration,
    deviceSecret: uplink || registration ? secret : required('device-secret', secret),
    input: required('input', values.input),
    audio: values.audio,
    audioRate: numberOption('rate', values.rate, { min: 8000, max: 96_000, unit: 'Hz' }),
    speed: numberOption('speed', values.speed, { min: 1, max: 1000, unit: 'times' }) ?? 1,
    fps: fpsOption(values.fps),
    channel: numberOption('channel', values.channel, { min: 0, max: 64, unit: '(a channel)' }) ?? 0,
    format: choiceOption('format', values.format, ['ts', 'fmp4']) ?? 'ts',
    bufferBytes: (bufferKib ?? 4096) * 1024,
    login: choiceOption('login', values.login, ['hmac', 'static']) ?? 'hmac',
    ca,
    ...keptOptions(values),
    metrics: values.metrics === undefined ? undefined : metricsAddress(values.metrics),
    logLevel: choiceOption('log', values.log, LOG_LEVELS) ?? 'warn',
  }
}

/** `skyrill push`: runs a camera until it is interrupted. */
export const push = async (args: string[]): Promise<number> => {
  const options = parse(args)
  if (!options) {
    console.log(HELP)
    return 0
  }
  const deviceSecret = options.registration
    ? await registeredSecret(options.registration)
    : options.deviceSecret
  const line = new StatusLine()
  const log = clearing(line, consoleLogger(options.logLevel))
  const source = openSource(options)
  const system = new System()
  const storage = new CloudStorage(system)
  // a bucket has no connection of its own: what fails is logged
  let offline = options.cloudUrl === undefined ? '' : 'connecting'
  const code = await system.init({
    productId: options.productId,
    deviceName: options.deviceName,
    ...(deviceSecret === undefined ? {} : { deviceSecret }),
    ...(options.cloudUrl === undefined ? {} : { cloudUrl: options.cloudUrl }),
    ...(options.uplink === undefined ? {} : { uplink: options.uplink }),
    ...(options.encryption === undefined ? {} : { encryption: options.encryption }),
    login: options.login,
    ...(options.storePath === undefined ? {} : { storePath: options.storePath }),
    ...(options.dailyBytes === undefined ? {} : { dailyBytes: options.dailyBytes }),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    logger: log,
    onOnline: () => {
      offline = ''
    },
    onOffline: (reason) => {
      offline = `offline: ${reason}`
    },
  })
  if (code !== 0) throw new UsageError(system.lastError)
  const metrics =
    options.metrics && (await serveMetrics(options.metrics, () => storage.openMetrics()))
  if (metrics) console.log(`metrics at ${metrics.url}`)
  const { channel, bufferBytes, speed, spool } = options
  const format =
    options.format === 'ts' ? iv_cs_format_e.IV_CS_FORMAT_TS : iv_cs_format_e.IV_CS_FORMAT_FMP4
  const camera = new Camera({ storage, source, channel, bufferBytes, format, log, speed, spool })
  const figures = new StatusFigures()
  const timer = setInterval(
    () => line.show(figures.text(storage.stats(channel), offline, performance.now())),
    STATUS_INTERVAL_MS,
  )
  const manager = new ServiceManager()
  const release = onInterrupt(() => camera.stop())
  try {
    await camera.open()
    manager.ready(() => performance.now() - camera.lastFrameMs < SOURCE_DEAD_MS)
    await camera.run()
  } finally {
    manager.stopping()
    clearInterval(timer)
    line.clear()
    source.close()
    const last = storage.stats(channel)
    await storage.exitCs()
    await system.exit()
    metrics?.close()
    release()
    if (last) console.log(`stopped after ${last.videoFrames} pictures; the last slice is closed`)
  }
  return 0
}

/** Messages do not run into the status line. */
const clearing = (line: StatusLine, logger: Logger): Logger => {
  const after =
    (write: (message: string) => void) =>
    (message: string): void => {
      line.clear()
      write(message)
    }
  return {
    error: after(logger.error),
    warn: after(logger.warn),
    info: after(logger.info),
    debug: after(logger.debug),
  }
}

/** A terminal and a parent may both pass the same Ctrl-C on. */
const SAME_PRESS_MS = 500

/** The first signal ends cleanly, another one at once. */
const onInterrupt = (stop: () => void): (() => void) => {
  let firstMs: number | undefined
  const onSignal = (): void => {
    if (firstMs !== undefined) {
      if (performance.now() - firstMs > SAME_PRESS_MS) process.exit(1)
      return
    }
    firstMs = performance.now()
    stop()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal)
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal)
  }
}
