/**
 * Loss, delay and a slow link by the kernel itself: device and cloud in a network namespace of their own, whose loopback is made bad by tc netem, tbf, or
 * nftables. Nothing outside of the namespace is touched, and it is gone afterwards. Needs root, iproute2 and the kernel's modules; what this machine does not
 * have is skipped with its reason.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { run } from '../support/ffmpeg.ts'
import { ROOT } from '../support/paths.ts'
import { findTool } from '../support/tools.ts'

const PROGRAM = join(ROOT, 'tests', 'faults', 'support', 'bad-line.ts')
const TIMEOUT_MS = 200_000

type Command = readonly string[]
type Case = { name: string; commands: readonly Command[] }

const netem = (...settings: string[]): Command[] => [
  ['tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'netem', ...settings],
]

const CASES: readonly Case[] = [
  { name: 'netem: 5 % loss', commands: netem('loss', '5%') },
  { name: 'netem: 150 ms delay, 50 ms jitter', commands: netem('delay', '150ms', '50ms') },
  {
    name: 'netem: 1 Mbit/s, 1 % loss, 2 % reordered, 1 % doubled',
    commands: netem(
      ...['rate', '1mbit', 'delay', '20ms', 'loss', '1%', 'reorder', '2%', 'duplicate', '1%'],
    ),
  },
  {
    name: 'tbf: 1 Mbit/s',
    commands: [
      ['tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'tbf', 'rate', '1mbit', 'burst', '4kb'].concat(
        'latency',
        '400ms',
      ),
    ],
  },
  {
    name: 'nftables: one packet of twenty is lost, at random',
    commands: [
      ['nft', 'add', 'table', 'inet', 'bad'],
      ['nft', 'add chain inet bad in { type filter hook input priority 0; }'],
      ['nft', 'add rule inet bad in numgen random mod 20 == 0 drop'],
    ],
  },
]

/** Runs a command inside of a namespace. */
const within = (name: string, [command, ...args]: Command, timeoutMs = 20_000) =>
  run('ip', ['netns', 'exec', name, command!, ...args], { timeoutMs })

/** Why this machine has no namespaces; undefined when it has. */
const noNamespaces = (): string | undefined => {
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  if (!findTool('ip')) return 'ip is not installed (apt-get install iproute2)'
  const name = `skyrill-${randomBytes(4).toString('hex')}`
  const made = run('ip', ['netns', 'add', name])
  if (made.status !== 0) return `no network namespace can be made: ${made.stderr.trim()}`
  run('ip', ['netns', 'delete', name])
  return undefined
}

/** A namespace with a bad loopback; the reason when the machine cannot make it so. */
const withNamespace = <T>({ commands }: Case, use: (name: string) => T): T | string => {
  const missing = commands.map(([command]) => command!).find((command) => !findTool(command))
  if (missing) return `${missing} is not installed (apt-get install nftables iproute2)`
  const name = `skyrill-${randomBytes(4).toString('hex')}`
  run('ip', ['netns', 'add', name])
  try {
    // packets as a line has them, not loopback's of 64 KiB
    for (const up of [['ip', 'link', 'set', 'lo', 'mtu', '1500', 'up'], ...commands]) {
      const done = within(name, up)
      if (done.status !== 0) return `${up.join(' ')}: ${done.stderr.trim()}`
    }
    return use(name)
  } finally {
    run('ip', ['netns', 'delete', name])
  }
}

describe('a bad line by the kernel', { timeout: 900_000, skip: noNamespaces() ?? false }, () => {
  for (const which of CASES) {
    const unable = noNamespaces() ?? withNamespace(which, () => undefined)
    // runners do not show why something is skipped: its name does
    const name = unable ? `${which.name} (not here: ${unable})` : which.name
    test(name, { timeout: TIMEOUT_MS + 60_000, skip: unable ?? false }, () => {
      const bun = join(ROOT, 'node_modules', '.bin', 'bun')
      const done = withNamespace(which, (name) => within(name, [bun, PROGRAM], TIMEOUT_MS))
      assert.ok(typeof done !== 'string', String(done))
      assert.equal(done.status, 0, `${done.stdout}${done.stderr}`)
      console.log(`# ${which.name}: ${done.stdout.toString().trim().split('\n').at(-1)}`)
    })
  }
})
