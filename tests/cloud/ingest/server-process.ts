/** A cloud in a process of its own, for tests that kill it. Prints one line of JSON when it listens. */
import { startCloud } from '../../../cloud/server/index.ts'

const [dataDir, httpPort, mqttPort] = process.argv.slice(2)
const cloud = await startCloud({
  dataDir: dataDir!,
  httpPort: Number(httpPort),
  mqttPort: Number(mqttPort),
  minFreeBytes: 0,
  logLevel: 'warn',
})
const { httpUrl, mqttUrl, adminToken } = cloud
process.stdout.write(`${JSON.stringify({ httpUrl, mqttUrl, adminToken })}\n`)
