/**
 * The image of deploy/Containerfile: built by buildah, run as its configuration says, as process 1 of a PID namespace of its own.
 * No registry of images is asked: the two base images are made here, under their names, from the node, npm and bun of this machine.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { until } from '../cloud/support/cloud.ts'
import { download, register, slicesOf } from '../e2e/support/cloud-client.ts'
import { clip } from '../faults/support/rig.ts'
import { run } from '../support/ffmpeg.ts'
import { framesOf } from '../support/frames.ts'
import { muxedTs } from '../support/muxed.ts'
import { ROOT } from '../support/paths.ts'
import { reservePorts } from '../support/ports.ts'
import { TestCamera } from '../support/test-camera.ts'
import { needTool, toolPath } from '../support/tools.ts'

const PATIENCE_MS = 120_000
const BUILD_MS = 400_000
const FILE = join(ROOT, 'deploy', 'Containerfile')

/** buildah with its images and containers in a folder, so that it meets nobody else's. */
const buildahIn =
  (folder: string) =>
  (args: string[], timeoutMs = PATIENCE_MS): string => {
    const store = ['--root', join(folder, 'store'), '--runroot', join(folder, 'run')]
    const done = run(toolPath('buildah'), [...store, '--storage-driver', 'vfs', ...args], {
      timeoutMs,
    })
    assert.equal(done.status, 0, `buildah ${args[0]}: ${done.stdout}${done.stderr}`)
    return done.stdout.toString().trim()
  }

/** Programs of this machine with the libraries that they load, at the same places. */
const copyLibraries = (to: string, programs: string[]) => {
  for (const program of programs) {
    const libraries =
      run('ldd', [program])
        .stdout.toString()
        .match(/\/\S+(?= \()/g) ?? []
    assert.equal(run('cp', ['-L', '--parents', ...libraries, to]).status, 0)
  }
}

/** Namespaces, mounts and chroot are root's, and not every root's: a CI job in a container may not have them. */
const whyNoContainer = (): string | false => {
  const isolated = spawnSync('unshare', ['--pid', '--fork', '--mount', '--mount-proc', 'true'])
  if (isolated.status !== 0) return 'namespaces need root'
  const folder = mkdtempSync(join(tmpdir(), 'skyrill-container-'))
  const buildah = buildahIn(folder)
  try {
    const base = join(folder, 'base')
    mkdirSync(join(base, 'bin'), { recursive: true })
    const shell = realpathSync(toolPath('sh'))
    assert.equal(run('cp', [shell, join(base, 'bin/sh')]).status, 0)
    copyLibraries(base, [shell])
    const container = buildah(['from', 'scratch'])
    buildah(['add', '--quiet', container, base, '/'])
    buildah(['run', '--isolation', 'chroot', container, '/bin/sh', '-c', ':'])
    buildah(['mount', container])
    buildah(['rm', '--all'])
    return false
  } catch (error) {
    return `no container can be run here: ${error instanceof Error ? error.message : error}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
const skip = needTool('buildah', 'unshare', 'npm') || whyNoContainer()

type Config = {
  User: string
  Env: string[]
  Entrypoint: string[]
  WorkingDir: string
  StopSignal: string
  Volumes: Record<string, unknown>
  ExposedPorts: Record<string, unknown>
  Healthcheck: { Test: string[] }
}

describe('container', { timeout: 900_000, skip }, () => {
  let folder: string
  let root: string
  let config: Config
  let ports: { http: number; mqtt: number }
  const children: ChildProcess[] = []
  let buildah: ReturnType<typeof buildahIn>

  /** An image of the name that the container file begins with. */
  const makeBase = (name: string, programs: Record<string, string>, addNpm: boolean) => {
    const base = mkdtempSync(join(folder, 'base-'))
    chmodSync(base, 0o755)
    for (const path of [
      'usr/local/bin',
      'usr/local/lib/node_modules',
      'usr/bin',
      'bin',
      'etc',
      'root',
      'tmp',
    ])
      mkdirSync(join(base, path), { recursive: true })
    chmodSync(join(base, 'tmp'), 0o1777)
    writeFileSync(
      join(base, 'etc/passwd'),
      'root:x:0:0::/root:/bin/sh\nbun:x:1000:1000::/tmp:/bin/sh\n',
    )
    const system = Object.fromEntries(
      ['sh', 'env', 'mkdir', 'chown'].map((tool) => [
        tool === 'env' ? 'usr/bin/env' : `bin/${tool}`,
        toolPath(tool),
      ]),
    )
    for (const [path, program] of Object.entries({ ...system, ...programs })) {
      const real = realpathSync(program)
      assert.equal(run('cp', [real, join(base, path)]).status, 0)
      copyLibraries(base, [real])
    }
    if (addNpm) {
      const npm = dirname(dirname(realpathSync(toolPath('npm'))))
      assert.equal(run('cp', ['-r', npm, join(base, 'usr/local/lib/node_modules/npm')]).status, 0)
      symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(base, 'usr/local/bin/npm'))
    }
    const container = buildah(['from', 'scratch'])
    buildah(['add', '--quiet', container, base, '/'])
    buildah(['config', '--env', 'PATH=/usr/local/bin:/usr/bin:/bin', container])
    buildah(['commit', '--quiet', container, name])
    buildah(['rm', container])
    rmSync(base, { recursive: true })
  }

  /** What npm needs of this machine to fetch packages: its settings, authorities, and what it has fetched before. */
  const npmMounts = (): string[] => {
    const extraCa = process.env.NODE_EXTRA_CA_CERTS
    const cache = run(toolPath('npm'), ['config', 'get', 'cache']).stdout.toString().trim()
    const mounts: [string | undefined, string][] = [
      [join(process.env.HOME ?? '/root', '.npmrc'), '/root/.npmrc'],
      [cache, '/root/.npm'],
      [extraCa, extraCa ?? ''],
    ]
    return mounts.flatMap(([from, to]) =>
      from && existsSync(from) ? ['--volume', `${from}:${to}`] : [],
    )
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'skyrill-container-'))
    buildah = buildahIn(folder)
    const [http, mqtt] = (await reservePorts(2)) as [number, number]
    ports = { http, mqtt }
    const text = readFileSync(FILE, 'utf8')
    const names = [...new Set([...text.matchAll(/^FROM (\S+)/gm)].map(([, name]) => name!))]
    assert.deepEqual(
      names.map((name) => name.split(':')[0]),
      ['node', 'oven/bun'],
    )
    const [node, bun] = names as [string, string]
    makeBase(`docker.io/library/${node}`, { 'usr/local/bin/node': toolPath('node') }, true)
    makeBase(`docker.io/${bun}`, { 'usr/local/bin/bun': process.execPath }, false)
    // these reach npm while it builds and are not in the image
    const extraCa = process.env.NODE_EXTRA_CA_CERTS
    const settings = [
      'npm_config_prefer_offline=true',
      ...Object.entries(process.env).flatMap(([name, value]) =>
        /^npm_config_registry$/i.test(name) ? [`npm_config_registry=${value}`] : [],
      ),
      ...(extraCa ? [`NODE_EXTRA_CA_CERTS=${extraCa}`] : []),
    ]
    const building = join(folder, 'Containerfile')
    writeFileSync(building, text.replaceAll(/^RUN npm/gm, `RUN ${settings.join(' ')} npm`))
    buildah(
      [
        ...['bud', '--isolation', 'chroot', '--pull-never', '--format', 'docker'],
        ...['--ignorefile', `${FILE}.dockerignore`, ...npmMounts()],
        ...['--file', building, '--tag', 'skyrill-cloud', ROOT],
      ],
      BUILD_MS,
    )
    const inspected = JSON.parse(buildah(['inspect', '--type', 'image', 'skyrill-cloud']))
    config = inspected.Docker.config
    root = buildah(['mount', buildah(['from', '--pull-never', 'skyrill-cloud'])])
    mkdirSync(join(root, 'proc'), { recursive: true })
  })
  after(() => {
    for (const child of children) child.kill('SIGKILL')
    if (!folder) return
    buildah(['rm', '--all'])
    rmSync(folder, { recursive: true, force: true })
  })

  /** Runs a program in the image, as its user, with its variables and nothing of this machine's but the network. */
  const start = (command: string[]): ChildProcess => {
    const [user, group] = config.User.split(':') as [string, string]
    const env = Object.fromEntries(
      config.Env.map((line) => line.split(/=(.*)/s) as [string, string]),
    )
    const namespace = ['--pid', '--fork', '--kill-child=SIGKILL', '--mount', '--mount-proc']
    const place = [`--root=${root}`, `--wd=${config.WorkingDir}`]
    const child = spawn(
      toolPath('unshare'),
      [...namespace, ...place, `--setuid=${user}`, `--setgid=${group}`, ...command],
      {
        env: {
          ...env,
          SKYRILL_HOST: '127.0.0.1',
          SKYRILL_HTTP_PORT: String(ports.http),
          SKYRILL_MQTT_PORT: String(ports.mqtt),
          SKYRILL_MIN_FREE_MIB: '0',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    children.push(child)
    return child
  }

  const finish = async (child: ChildProcess) => {
    let output = ''
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (chunk) => {
        output += chunk
      })
    const [code] = await once(child, 'close')
    return { code: code as number, output }
  }

  /** Process 1 of the namespace, seen from here. */
  const first = (child: ChildProcess): number =>
    Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim())

  const isReady = () =>
    fetch(`http://127.0.0.1:${ports.http}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )

  test('its configuration: no root, a volume, a health check, no secrets', () => {
    assert.equal(config.User, '1000:1000')
    assert.deepEqual(Object.keys(config.Volumes), ['/data'])
    assert.deepEqual(Object.keys(config.ExposedPorts).toSorted(), ['1883/tcp', '8080/tcp'])
    assert.equal(config.StopSignal, 'SIGTERM')
    assert.equal(config.Healthcheck.Test[0], 'CMD')
    assert.doesNotMatch(config.Env.join('\n'), /TOKEN|KEY|SECRET|PASSWORD|CERT/)
    assert.deepEqual(readdirSync(join(root, 'data')), [])
    const { uid, gid } = statSync(join(root, 'data'))
    assert.deepEqual([uid, gid], [1000, 1000])
  })

  test('has what runs and nothing else', () => {
    assert.deepEqual(readdirSync(join(root, 'app')).toSorted(), [
      ...['cloud', 'node_modules', 'package-lock.json', 'package.json'],
    ])
    const manifest = JSON.parse(readFileSync(join(ROOT, 'cloud/package.json'), 'utf8'))
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages
    const at = (name: string) =>
      ['app/cloud/node_modules', 'app/node_modules']
        .map((path) => join(root, path, name, 'package.json'))
        .find((path) => existsSync(path))
    for (const name of Object.keys(manifest.dependencies)) {
      const path = at(name)
      assert.ok(path, `${name} is there`)
      const { version } = lock[`cloud/node_modules/${name}`] ?? lock[`node_modules/${name}`]
      assert.equal(JSON.parse(readFileSync(path, 'utf8')).version, version, 'as it is locked')
    }
    // peers of what runs may bring types along
    const developed = Object.keys(manifest.devDependencies).filter(
      (name) => !/^@types\//.test(name),
    )
    for (const name of [...developed, 'typescript', 'bun', 'tsx'])
      assert.equal(at(name), undefined, `${name} is for development`)
  })

  test('a camera records into it; it ends by SIGTERM and goes on with its data', async () => {
    const server = start(config.Entrypoint)
    const ended = finish(server)
    assert.ok(await until('it to be ready', isReady, PATIENCE_MS))
    const check = await finish(start(config.Healthcheck.Test.slice(1)))
    assert.equal(check.code, 0, 'the health check passes')
    const cloud = {
      httpUrl: `http://127.0.0.1:${ports.http}`,
      mqttUrl: `mqtt://127.0.0.1:${ports.mqtt}`,
      adminToken: readFileSync(join(root, 'data/admin-token'), 'utf8').trim(),
    }
    assert.equal((await fetch(`${cloud.httpUrl}/style.css`)).status, 200, 'the page is in it')
    const frames = await framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') })
    const identity = await register(cloud, 'contained')
    const camera = new TestCamera()
    try {
      await camera.open(identity, { u32MaxGopSize: 8 * 1024 * 1024 })
      await camera.started
      assert.deepEqual(await camera.record(frames), [])
      await until('the last byte', () => camera.storage.stats(0)!.bufferedBytes === 0, PATIENCE_MS)
      await camera.close()
    } finally {
      await camera.system.exit()
    }
    const whole = await muxedTs(frames)
    assert.ok((await download(cloud, await slicesOf(cloud, identity))).equals(whole), 'every byte')
    // process 1 gets no signal that it has not asked for
    process.kill(first(server), 'SIGTERM')
    const { code, output } = await ended
    assert.equal(code, 0, output)
    assert.ok(!existsSync(join(root, 'data/lock')), 'the data folder is given back')
    const failed = await finish(start(config.Healthcheck.Test.slice(1)))
    assert.equal(failed.code, 1, 'the health check of one that does not run')
    const doctor = await finish(start([...config.Entrypoint, 'doctor']))
    assert.equal(doctor.code, 0, doctor.output)
    const again = start(config.Entrypoint)
    const endedAgain = finish(again)
    assert.ok(await until('it to be ready again', isReady, PATIENCE_MS))
    assert.ok((await download(cloud, await slicesOf(cloud, identity))).equals(whole), 'its data')
    process.kill(first(again), 'SIGTERM')
    assert.equal((await endedAgain).code, 0)
  })
})
