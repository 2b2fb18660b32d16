#!/usr/bin/env node
import { argv } from 'node:process'
import { type Command, runCommand } from './cli/run-command.ts'
import { UsageError } from './cli/usage-error.ts'

const HELP = `skyrill: record cameras to the cloud

  skyrill push     push a camera, a file or an RTSP stream to a cloud
  skyrill cloud    run the cloud: ingest, index, playback page
  skyrill audit    compare the indexes of a bucket with what is in it
  skyrill mux      write raw H.264/H.265 and sound as MPEG-TS or fMP4 slices
  skyrill inspect  report on an MPEG-TS, fMP4, H.264 or H.265 file, with its faults
  skyrill bench    measure muxer and encoder against others
  skyrill help [COMMAND]

  skyrill COMMAND --help explains the command. Exit code: 0 done, 1 failed, 2 wrong usage.`

/** Each command is loaded when it is called: `inspect` must not wait for an MQTT client to be parsed. */
const COMMANDS: Record<string, () => Promise<Command>> = {
  push: async () => (await import('./cli/push-command.ts')).pushCommand,
  cloud: async () => (await import('./cli/cloud-command.ts')).cloudCommand,
  audit: async () => async (args) =>
    (await import('./cli/cloud-command.ts')).cloudCommand(['audit', ...args]),
  mux: async () => (await import('./mux.ts')).mux,
  inspect: async () => (await import('./inspect.ts')).inspect,
  bench: async () => (await import('./cli/bench-command.ts')).benchCommand,
}

const run = async (args: string[]): Promise<number> => {
  const [name = 'help', ...rest] = args
  if (name === 'help' || name === '--help' || name === '-h') {
    const topic = rest[0]
    if (topic === undefined || topic === 'help') {
      console.log(HELP)
      return 0
    }
    return await run([topic, '--help'])
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!command)
    throw new UsageError(
      `no command ${JSON.stringify(name)}; there are ${Object.keys(COMMANDS).join(', ')} and help`,
    )
  return await (await command())(rest)
}

process.exitCode = await runCommand(run, argv.slice(2))
