/** `skyrill push` as one file, on this machine and on an emulated 64-bit ARM board, to a real cloud. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { checkTs } from '../../tools/check-ts.ts'
import { openCloud, type TestCloud, until } from '../cloud/support/cloud.ts'
import { download, register, slicesOf } from '../e2e/support/cloud-client.ts'
import { ROOT, withTempFolder } from '../support/paths.ts'
import { needTool } from '../support/tools.ts'
import { type Emulated, emulate, needEmulator } from './support/emulator.ts'

const CLIP = join(ROOT, 'tools', 'demo', 'clip')
const START_MS = 120_000
/** A slice ends at the first IDR 10 s after its start. */
const SLICES = 2
const FLOOR_MB = 128

const executable = (target: string): string => {
  const built = spawnSync(
    process.execPath,
    [join(ROOT, 'tools', 'executable', 'build.mjs'), target],
    {
      encoding: 'utf8',
    },
  )
  assert.equal(built.status, 0, built.stderr)
  return join(ROOT, 'build', 'executables', `skyrill-push-linux-${target}`)
}

type Identity = Awaited<ReturnType<typeof register>>

const startPush = ({ command, args }: Emulated, identity: Identity, env = {}): ChildProcess =>
  spawn(
    command,
    [
      ...args,
      ...['--cloud', identity.cloudUrl, '--product-id', identity.productId],
      ...['--device-name', identity.deviceName],
      ...['--input', `${CLIP}.h264`, '--audio', `${CLIP}.aac`],
    ],
    {
      env: { ...process.env, SKYRILL_DEVICE_SECRET: identity.deviceSecret, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )

const vmHwmMb = (pid: number): number => {
  const status = spawnSync('grep', ['VmHWM', `/proc/${pid}/status`], { encoding: 'utf8' }).stdout
  return Number(/(\d+) kB/.exec(status)?.[1]) / 1024
}

describe('skyrill push as one file', { timeout: 290_000 }, () => {
  let cloud: TestCloud
  before(async () => {
    cloud = await openCloud({ logLevel: 'warn' })
  })
  after(() => cloud.remove())

  /** Runs it until slices are whole at the cloud, then ends it by a signal; what arrived is strict TS. */
  const record = async (name: string, program: Emulated): Promise<number> => {
    const identity = await register(cloud, name)
    const child = startPush(program, identity)
    const whole = async () =>
      (await slicesOf(cloud, identity)).filter(({ state }) => state === 'done').length >= SLICES
    await until('whole slices', whole, START_MS)
    const mb = vmHwmMb(child.pid!)
    const ended = once(child, 'close')
    child.kill('SIGTERM')
    assert.deepEqual(await ended, [0, null])
    const slices = await slicesOf(cloud, identity)
    assert.ok(
      slices.every(({ state }) => state === 'done'),
      'the last slice is closed too',
    )
    for (const slice of slices) {
      const faults = checkTs(await download(cloud, [slice])).filter(
        ({ severity }) => severity === 'error',
      )
      assert.deepEqual(faults, [])
    }
    return mb
  }

  test('on this machine: its size and its memory', async () => {
    const path = executable('x64')
    const mb = await record('x64', { command: path, args: [] })
    console.log(
      `x64: ${(statSync(path).size / 1e6).toFixed(0)} MB on flash, ${mb.toFixed(0)} MB of memory at its highest`,
    )
    assert.ok(mb < FLOOR_MB, `${mb} MB`)
  })

  test('on aarch64 under emulation', { skip: needEmulator() }, async () => {
    await record('aarch64', emulate(executable('arm64')))
  })

  test(
    'systemd is told that it is ready and alive',
    { skip: needTool('systemd-notify', 'python3') },
    () =>
      withTempFolder(async (folder) => {
        const identity = await register(cloud, 'watched')
        const socket = join(folder, 'notify')
        const listener = join(folder, 'listen.py')
        writeFileSync(
          listener,
          `import socket,sys
s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM);s.bind(sys.argv[1]);print("bound",flush=True)
while True: print(s.recv(4096).decode(),flush=True)`,
        )
        const python = spawn('python3', [listener, socket], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        let heard = ''
        python.stdout.on('data', (text) => {
          heard += text
        })
        await until('the socket', () => heard.includes('bound'), START_MS)
        const child = startPush({ command: executable('x64'), args: [] }, identity, {
          NOTIFY_SOCKET: socket,
          WATCHDOG_USEC: '400000',
        })
        try {
          await until('READY', () => /READY=1/.test(heard), START_MS)
          await until(
            'three signs of life',
            () => (heard.match(/WATCHDOG=1/g) ?? []).length >= 3,
            START_MS,
          )
          const ended = once(child, 'close')
          child.kill('SIGTERM')
          assert.deepEqual(await ended, [0, null])
          await until('STOPPING', () => /STOPPING=1/.test(heard), START_MS)
        } finally {
          child.kill('SIGKILL')
          python.kill()
        }
      }),
  )

  test('the unit is one that systemd takes', { skip: needTool('systemd-analyze') }, () =>
    withTempFolder((folder) => {
      const unit = join(folder, 'skyrill-push.service')
      // the program and its environment are not installed here
      const text = spawnSync('cat', [join(ROOT, 'deploy', 'systemd', 'skyrill-push.service')], {
        encoding: 'utf8',
      }).stdout.replace('ExecStart=/usr/local/bin/skyrill-push', 'ExecStart=/bin/true')
      writeFileSync(unit, text)
      const done = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' })
      const complaints = `${done.stdout}${done.stderr}`
        .split('\n')
        .filter((line) => line.includes('skyrill-push'))
      assert.deepEqual(complaints, [])
      assert.equal(done.status, 0, done.stderr)
    }),
  )
})
