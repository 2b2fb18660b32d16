#!/usr/bin/env node
import { parseEnv } from './env.ts'
import { errorText } from './log.ts'
import { startCloud } from './start.ts'

const fail = (error: unknown): never => {
  process.stderr.write(`skyrill cloud: ${errorText(error)}\n`)
  process.exit(1)
}

try {
  const cloud = await startCloud(parseEnv(process.env))
  process.stdout.write(`page   ${cloud.viewerUrl}\nMQTT   ${cloud.mqttUrl}\n`)
  if (cloud.isAdminTokenNew)
    process.stdout.write(`admin  ${cloud.adminToken}  (kept in the data folder, shown only now)\n`)
  let isEnding = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      // a second signal means that the person does not want to wait
      if (isEnding) process.exit(1)
      isEnding = true
      cloud.close().then(() => process.exit(0), fail)
    })
} catch (error) {
  fail(error)
}
