/** The cloud in a process of its own: its options are one argument of JSON; prints its addresses as JSON. */
import { argv, stdout } from 'node:process'
import { type CloudOptions, startCloud } from '../../cloud/server/index.ts'

const options = JSON.parse(argv[2]!) as CloudOptions
const { httpUrl, mqttUrl, adminToken } = await startCloud(options)
stdout.write(`${JSON.stringify({ httpUrl, mqttUrl, adminToken })}\n`)
process.on('SIGTERM', () => process.exit(0))
