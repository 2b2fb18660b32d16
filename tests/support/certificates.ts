import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './ffmpeg.ts'
import { toolPath } from './tools.ts'

export type Certificate = { cert: string; key: string; certPath: string; keyPath: string }

/** A certificate authority for one test, made by openssl. */
export class TestAuthority {
  readonly #folder: string
  readonly #name: string
  /** PEM, what a device is given as `ca` */
  readonly ca: string
  readonly caPath: string

  constructor(folder: string, name = 'authority') {
    this.#folder = folder
    this.#name = name
    this.caPath = this.#path('ca.pem')
    this.#openssl(
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-days', '2', '-subj', `/CN=Skyrill test ${name}`],
      ...['-keyout', this.#path('ca.key'), '-out', this.caPath],
    )
    this.ca = readFileSync(this.caPath, 'utf8')
  }

  /** A certificate for loopback, or for other names (`DNS:…`, `IP:…`). */
  issue(name: string, ...names: string[]): Certificate {
    const certPath = this.#path(`${name}.pem`)
    const keyPath = this.#path(`${name}.key`)
    const request = this.#path(`${name}.csr`)
    const extensions = this.#path(`${name}.ext`)
    const given = names.length > 0 ? names : ['IP:127.0.0.1', 'DNS:localhost']
    writeFileSync(extensions, `subjectAltName=${given.join(',')}\n`)
    this.#openssl(
      ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-subj', `/CN=${name}`, '-keyout', keyPath, '-out', request],
    )
    this.#openssl(
      ...['x509', '-req', '-in', request, '-CA', this.caPath, '-CAkey', this.#path('ca.key')],
      ...['-CAcreateserial', '-days', '2', '-extfile', extensions, '-out', certPath],
    )
    return {
      certPath,
      keyPath,
      cert: readFileSync(certPath, 'utf8'),
      key: readFileSync(keyPath, 'utf8'),
    }
  }

  #path(file: string): string {
    return join(this.#folder, `${this.#name}-${file}`)
  }

  #openssl(...args: string[]): void {
    const done = run(toolPath('openssl'), args)
    if (done.status !== 0) throw new Error(`openssl ${args.join(' ')}: ${done.stderr}`)
  }
}
