/** A cloud in a process of its own, for tests that kill it: its options as JSON; prints a line of JSON when it listens. */
import { type CloudOptions, startCloud } from '../../cloud/server/index.ts'

const cloud = await startCloud(JSON.parse(process.argv[2]!) as CloudOptions)
const { httpUrl, mqttUrl, adminToken } = cloud
process.stdout.write(`${JSON.stringify({ httpUrl, mqttUrl, adminToken })}\n`)
