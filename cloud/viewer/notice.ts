import { ApiFault } from './api.ts'
import { byId } from './dom.ts'

const notice = byId('notice')

/** Says something to the person, until they close it or something works. */
export const tell = (message: string): void => {
  byId('notice-text').textContent = message
  notice.hidden = false
}

export const untell = (): void => {
  notice.hidden = true
}

export const report = (error: unknown): void => {
  tell(error instanceof ApiFault ? error.message : `Something went wrong: ${String(error)}`)
}

byId('notice-close').addEventListener('click', untell)

/** A poll that fails is told of once and tried again; the message goes when it works. */
let isPollFailing = false
export const poll = async (task: () => Promise<void>): Promise<void> => {
  try {
    await task()
    if (isPollFailing) untell()
    isPollFailing = false
  } catch (error) {
    if (!isPollFailing) report(error)
    isPollFailing = true
  }
}

/** Polls again and again, but not while nobody looks. */
export const pollEvery = (ms: number, task: () => Promise<void>): void => {
  setTimeout(async () => {
    if (!document.hidden) await poll(task)
    pollEvery(ms, task)
  }, ms)
}
