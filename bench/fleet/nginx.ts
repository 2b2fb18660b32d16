import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { reservePort } from '../../tests/support/ports.ts'

const READY_MS = 10_000

export const nginxVersion = (): string | undefined => {
  const { stderr, status } = spawnSync('nginx', ['-v'], { encoding: 'utf8' })
  return status === 0 ? stderr.trim().replace(/^.*nginx\//, '') : undefined
}

/** Starts nginx with what stands in `http { }`, in a folder of its own. */
export const startNginx = async (
  folder: string,
  http: string,
  port: number,
): Promise<{ pid: number; stop(): Promise<void> }> => {
  mkdirSync(folder, { recursive: true })
  const config = join(folder, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  )
  writeFileSync(
    config,
    `daemon off; user root; worker_processes 2; pid ${join(folder, 'pid')}; error_log stderr crit;
events { worker_connections 8192; }
http { access_log off; ${temporary.join(' ')} ${http} }`,
  )
  const child: ChildProcess = spawn('nginx', ['-p', folder, '-c', config], { stdio: 'inherit' })
  const ended = once(child, 'exit')
  const deadline = Date.now() + READY_MS
  while (
    !(await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    ))
  ) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error('nginx did not start')
    await sleep(50)
  }
  return {
    pid: child.pid!,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** nginx that takes files by WebDAV PUT. */
export const startDav = async (folder: string) => {
  const port = await reservePort()
  const files = join(folder, 'files')
  mkdirSync(files, { recursive: true })
  const server = `server { listen 127.0.0.1:${port} backlog=4096; root ${files}; dav_methods PUT; client_max_body_size 8m; client_body_buffer_size 256k; keepalive_requests 1000000; }`
  const { pid, stop } = await startNginx(folder, server, port)
  return { url: `http://127.0.0.1:${port}/`, pid, stop }
}
