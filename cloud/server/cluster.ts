import { createHash } from 'node:crypto'
import { errorText, type Logger } from './log.ts'
import type { UploadStore } from './store/index/upload-store.ts'

/** How often it is looked who else is there. */
const LOOK_MS = 2000
/** Questions that another instance should have answered; one that is asked again has not been. */
const QUESTIONS_MAX = 10_000

/** The instance that a name belongs to: rendezvous hashing, so that only the names of one that left move. */
export const ownerOf = (name: string, instances: readonly string[]): string | undefined => {
  let owner: string | undefined
  let highest = ''
  for (const instance of instances) {
    const weight = createHash('sha1').update(`${instance} ${name}`).digest('hex')
    if (weight <= highest) continue
    highest = weight
    owner = instance
  }
  return owner
}

export type ClusterParts = {
  uploads: Pick<UploadStore, 'instances' | 'holdJob'>
  /** name of this instance; absent: there is no other */
  instance: string | undefined
  log: Logger
}

/**
 * Instances that share stores and broker. Each one hears every message of every device, since any of them may be asked
 * whether a device is there; the one that a device belongs to answers. Until an instance that died is missed, its devices
 * ask again, as they do when an answer is lost: whoever hears a question twice answers it.
 */
export class Cluster {
  #instances: string[] = []
  readonly #unanswered = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  constructor(private readonly parts: ClusterParts) {}

  async start(): Promise<void> {
    if (this.parts.instance === undefined) return
    await this.#look()
    this.#timer = setInterval(
      () =>
        void this.#look().catch((error) =>
          this.parts.log.error('other instances not known', { reason: errorText(error) }),
        ),
      LOOK_MS,
    )
    this.#timer.unref()
  }

  async #look(): Promise<void> {
    this.#instances = await this.parts.uploads.instances()
  }

  /** Whether this instance answers what a device says. */
  answers(device: string, clientToken: string): boolean {
    const { instance } = this.parts
    if (instance === undefined || this.#instances.length < 2) return true
    if (ownerOf(device, this.#instances) === instance) return true
    const question = `${device} ${clientToken}`
    if (this.#unanswered.delete(question)) return true
    if (this.#unanswered.size >= QUESTIONS_MAX)
      this.#unanswered.delete(this.#unanswered.values().next().value!)
    this.#unanswered.add(question)
    return false
  }

  /** Whether this instance does a job of which there is one for all. */
  async holdsJob(job: string): Promise<boolean> {
    const { instance, uploads } = this.parts
    return instance === undefined || (await uploads.holdJob(job, instance))
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
