/** The cloud of the footprint measurement: devices upload through the relay's port. */
import { startCloud } from '../../cloud/server/index.ts'

const [dataDir, httpPort, publicPort] = process.argv.slice(2)
const cloud = await startCloud({
  dataDir: dataDir!,
  httpPort: Number(httpPort),
  mqttPort: 0,
  publicUrl: `http://127.0.0.1:${publicPort}`,
  minFreeBytes: 0,
  logLevel: 'warn',
})
const { mqttUrl, adminToken } = cloud
const httpUrl = `http://127.0.0.1:${httpPort}`
process.stdout.write(`${JSON.stringify({ httpUrl, mqttUrl, adminToken })}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => void cloud.close().then(() => process.exit(0)))
