import { ApiFault } from '../api/request.ts'
import { t } from '../i18n/index.ts'
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

/** What went wrong, in words for people; the server's own where it gave some. */
export const faultText = (error: unknown): string =>
  error instanceof ApiFault ? error.message : t('fault.unknown', { reason: String(error) })

export const report = (error: unknown): void => tell(faultText(error))

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

/** Says that something was done; it goes by itself. */
export const toast = (message: string): void => {
  const place = byId('toast')
  place.textContent = message
  place.classList.remove('shown')
  // the animation begins anew for a second message
  void place.offsetWidth
  place.classList.add('shown')
}
