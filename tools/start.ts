import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { numberOption, readOptions } from './cli/options.ts'
import { InputError, UsageError } from './cli/usage-error.ts'
import { demoDevice } from './start/demo-device.ts'
import { freePort } from './start/free-port.ts'

const HELP = `npm start -- [options]: the cloud and one camera on this machine

  --input INPUT      what the camera shows: FILE.h264, or anything that ffmpeg reads, such as FILE.mp4 or rtsp://camera/stream;
                     default: the demo clip, in a loop
  --audio FILE.aac   sound for a raw input
  --fps N            pictures per second of a raw input
  --format ts|fmp4   how slices are written; default ts
  --data DIR         recordings, index and tokens; kept from start to start; default data
  --host ADDRESS     where the cloud listens; default 127.0.0.1, this machine only
  --http-port N      default 8080; the next free one when it is taken
  --mqtt-port N      default 1883; the next free one when it is taken

  Ctrl-C ends cleanly: the last slice is closed and acknowledged. A second start shows what the first recorded.`

const OPTIONS = {
  input: { type: 'string' },
  audio: { type: 'string' },
  fps: { type: 'string' },
  format: { type: 'string' },
  data: { type: 'string' },
  host: { type: 'string' },
  'http-port': { type: 'string' },
  'mqtt-port': { type: 'string' },
} as const

/** As much of the cloud's interface as is used here: the tools are compiled without it. */
type Cloud = {
  httpUrl: string
  mqttUrl: string
  adminToken: string
  viewerUrl: string
  close(): Promise<void>
}
type CloudModule = {
  startCloud(options: {
    host: string
    httpPort: number
    mqttPort: number
    dataDir: string
    logLevel: 'warn'
  }): Promise<Cloud>
}

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))
const CLOUD = new URL('../cloud/server/index.ts', import.meta.url)
const PORT_LIMITS = { min: 1, max: 65_535, unit: '(a port)' }

const main = async (args: string[]): Promise<number> => {
  const { values } = readOptions(args, OPTIONS)
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const host = values.host ?? '127.0.0.1'
  const wanted = {
    http: numberOption('http-port', values['http-port'], PORT_LIMITS) ?? 8080,
    mqtt: numberOption('mqtt-port', values['mqtt-port'], PORT_LIMITS) ?? 1883,
  }
  const httpPort = await freePort(host, wanted.http)
  const mqttPort = await freePort(host, wanted.mqtt, httpPort)
  for (const [name, port, want] of [
    ['HTTP', httpPort, wanted.http],
    ['MQTT', mqttPort, wanted.mqtt],
  ] as const)
    if (port !== want) console.log(`${name} port ${want} is taken; ${port} is used`)
  const dataDir = values.data ?? 'data'
  console.log('starting the cloud')
  const { startCloud } = (await import(CLOUD.href)) as CloudModule
  const cloud = await startCloud({ host, httpPort, mqttPort, dataDir, logLevel: 'warn' })
  try {
    return await runCamera(cloud, dataDir, values)
  } finally {
    await cloud.close()
    console.log(`stopped; recordings are kept in ${dataDir}`)
  }
}

type CameraValues = { input?: string; audio?: string; fps?: string; format?: string }

/** Runs the camera in a process of its own until it ends or is interrupted. */
const runCamera = async (cloud: Cloud, dataDir: string, values: CameraValues): Promise<number> => {
  const device = await demoDevice(cloud, dataDir)
  const input = values.input ?? path('./demo/clip.h264')
  const audio = values.input === undefined ? path('./demo/clip.aac') : values.audio
  console.log(`\n  page    ${cloud.viewerUrl}\n  camera  ${values.input ?? 'the demo clip'}\n`)
  const given = (['fps', 'format'] as const).flatMap((name) =>
    values[name] === undefined ? [] : [`--${name}`, values[name]],
  )
  const child = spawn(
    process.execPath,
    [
      path('./cli.ts'),
      'push',
      ...['--cloud', cloud.mqttUrl, '--product-id', device.productId],
      ...['--device-name', device.deviceName, '--input', input],
      ...(audio === undefined ? [] : ['--audio', audio]),
      ...given,
    ],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      // not on the command line, where every user of the machine could read it
      env: { ...process.env, SKYRILL_DEVICE_SECRET: device.deviceSecret },
    },
  )
  return await ended(child)
}

/** Exit code of the camera; signals to this process are passed on to it, and it ends cleanly. */
const ended = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
    const onSignal = (): void => void child.kill('SIGINT')
    const settle = (): void => {
      for (const signal of signals) process.off(signal, onSignal)
    }
    for (const signal of signals) process.on(signal, onSignal)
    child.on('error', (error) => {
      settle()
      reject(error)
    })
    child.on('close', (code) => {
      settle()
      resolve(code ?? 1)
    })
  })

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof UsageError || error instanceof InputError) {
    console.error(`skyrill: ${error.message}`)
    process.exitCode = error instanceof UsageError ? 2 : 1
  } else {
    console.error(`skyrill: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  }
}
