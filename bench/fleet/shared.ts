import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CloudOptions } from '../../cloud/server/index.ts'
import { needPostgres, startPostgres } from '../../tests/cloud/support/postgres.ts'
import { reservePort } from '../../tests/support/ports.ts'
import { versitygw } from '../../tests/support/s3-servers.ts'
import { needTool, toolPath } from '../../tests/support/tools.ts'
import type { CloudAddress } from './grants.ts'
import { startNginx } from './nginx.ts'
import { Program } from './program.ts'

const DEPLOYED = new URL('../../deploy/nginx/skyrill.conf', import.meta.url)
const READY_MS = 30_000

/** Why two instances cannot be measured here. */
export const sharedMissing = (): string | undefined => {
  const missing = needPostgres() || versitygw.skip || needTool('mosquitto', 'nginx')
  return missing || undefined
}

/** Mosquitto that lets everybody in: its logins are not what is measured. */
const startBroker = async (folder: string, port: number): Promise<ChildProcess> => {
  const config = join(folder, 'mosquitto.conf')
  writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`)
  const broker = spawn(toolPath('mosquitto'), ['-c', config], { stdio: 'ignore' })
  const deadline = Date.now() + READY_MS
  const accepts = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.on('error', () => resolve(false))
    })
  while (!(await accepts())) {
    if (Date.now() > deadline) throw new Error('Mosquitto did not start')
    await sleep(50)
  }
  return broker
}

/** Two instances on PostgreSQL, versitygw and Mosquitto, behind nginx as deploy/ has it (without TLS). */
export const startShared = async (
  folder: string,
): Promise<{ pids: number[]; address: CloudAddress; stop(): Promise<void> }> => {
  const stops: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const one of stops.reverse()) await one()
  }
  try {
    const postgres = await startPostgres()
    stops.push(() => postgres.stop())
    const s3 = await versitygw.open()
    stops.push(() => s3.close())
    const mqttPort = await reservePort()
    const broker = await startBroker(folder, mqttPort)
    stops.push(async () => {
      const gone = once(broker, 'exit')
      broker.kill('SIGTERM')
      await gone
    })
    const mqttUrl = `mqtt://127.0.0.1:${mqttPort}`
    const port = await reservePort()
    const httpUrl = `http://127.0.0.1:${port}`
    const adminToken = 'the-token-of-the-administrator'
    const instances: { program: Program; port: number }[] = []
    for (const name of ['one', 'two']) {
      const own = await reservePort()
      const options: CloudOptions = {
        ...{ dataDir: join(folder, name), httpPort: own, databaseUrl: postgres.url },
        ...{ s3: { ...s3, pathStyle: true }, mqttBrokerUrl: mqttUrl, publicUrl: httpUrl },
        ...{ adminToken, signingKey: 'the-key-that-signs-what-they-give', logLevel: 'error' },
        ...{ proxies: 1, apiPerSecond: 100_000 },
      }
      const program = new Program('server.ts', options)
      stops.push(() => program.stop())
      await program.next<CloudAddress>()
      instances.push({ program, port: own })
    }
    const conf = readFileSync(DEPLOYED, 'utf8')
      .replace(/server \{\s+listen 80;[^}]*\}/, '')
      .replace('listen 443 ssl http2;', `listen 127.0.0.1:${port} backlog=4096;`)
      .replace(/^ {2}ssl_.*\n/gm, '')
      .replace('one:8080', `127.0.0.1:${instances[0]!.port}`)
      .replace('two:8080', `127.0.0.1:${instances[1]!.port}`)
    const nginx = await startNginx(join(folder, 'nginx'), conf, port)
    stops.push(() => nginx.stop())
    const pids = instances.map(({ program }) => program.pid)
    return { pids, address: { httpUrl, mqttUrl, adminToken }, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
