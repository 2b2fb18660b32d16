import { spawn } from 'node:child_process'
import { env } from 'node:process'

/** Half of the time that systemd waits: one message may come late. */
const SHARE = 0.5

/**
 * What systemd is told of this program: ready, alive, ending; see sd_notify(3) and WatchdogSec in systemd.service(5). Messages go through
 * systemd-notify, so the unit needs NotifyAccess=all. Without systemd all of this does nothing.
 */
export class ServiceManager {
  readonly #isThere = env.NOTIFY_SOCKET !== undefined
  #timer: ReturnType<typeof setInterval> | undefined

  /** The program records. From now on it says that it is alive for as long as `isAlive` holds: a hang or a dead camera ends in a restart. */
  ready(isAlive: () => boolean): void {
    this.#send('--ready')
    const watchdogMs = Number(env.WATCHDOG_USEC) / 1000
    if (!this.#isThere || !(watchdogMs > 0)) return
    this.#timer = setInterval(() => {
      if (isAlive()) this.#send('WATCHDOG=1')
    }, watchdogMs * SHARE)
  }

  /** The program ends on purpose. */
  stopping(): void {
    clearInterval(this.#timer)
    this.#send('STOPPING=1')
  }

  #send(message: string): void {
    if (!this.#isThere) return
    // its absence is no reason to stop recording
    spawn('systemd-notify', [message], { stdio: 'ignore' }).on('error', () => {})
  }
}
