#!/usr/bin/env node
import { BUCKET_HELP, bucketCommand, isBucketCommand } from './bucket/command.ts'
import { COMMANDS_HELP, runCommand } from './commands.ts'
import { parseEnv } from './env.ts'
import { errorText } from './log.ts'
import { startCloud } from './start.ts'

const fail = (error: unknown): never => {
  process.stderr.write(`skyrill cloud: ${errorText(error)}\n`)
  process.exit(1)
}

const serve = async (): Promise<void> => {
  const cloud = await startCloud(parseEnv(process.env))
  // the output of a service is kept in a log, where the token has no business
  const isShown = process.stdout.isTTY === true || cloud.isViewerTokenNew
  process.stdout.write(
    `page   ${isShown ? cloud.viewerUrl : cloud.httpUrl}\nMQTT   ${cloud.mqttUrl}\n`,
  )
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
}

try {
  const args = process.argv.slice(2)
  if (isBucketCommand(args)) process.exitCode = await bucketCommand(args)
  else if (args.includes('--help') || args.includes('-h'))
    process.stdout.write(`${COMMANDS_HELP}\n\n${BUCKET_HELP}\n`)
  else {
    const code = await runCommand(parseEnv(process.env), args)
    if (code === undefined) await serve()
    else process.exitCode = code
  }
} catch (error) {
  fail(error)
}
