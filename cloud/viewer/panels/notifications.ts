import {
  deleteSubscription,
  getPushKey,
  PUSH_TOPICS,
  type PushTopic,
  putSubscription,
} from '../api/push.ts'
import { t } from '../i18n/index.ts'
import { h } from '../ui/dom.ts'
import { faultText } from '../ui/notice.ts'

const WORKER_URL = '/service-worker.js'
const TOPICS_KEY = 'skyrill-push-topics'

/** Browsers give push to pages over https, and from the machine itself. */
const isPossible = (): boolean => 'serviceWorker' in navigator && 'PushManager' in window

const keptTopics = (): PushTopic[] => {
  const kept = localStorage.getItem(TOPICS_KEY)?.split(' ') ?? ['event', 'offline', 'storage']
  return PUSH_TOPICS.filter((topic) => kept.includes(topic))
}

const subscribe = async (topics: readonly PushTopic[]): Promise<void> => {
  if ((await Notification.requestPermission()) !== 'granted') throw new Error(t('push.denied'))
  await navigator.serviceWorker.register(WORKER_URL)
  const registration = await navigator.serviceWorker.ready
  const known = await registration.pushManager.getSubscription()
  const subscription =
    known ??
    (await registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: await getPushKey(),
    }))
  await putSubscription(subscription, topics)
  localStorage.setItem(TOPICS_KEY, topics.join(' '))
}

const unsubscribe = async (): Promise<void> => {
  const registration = await navigator.serviceWorker.getRegistration()
  const subscription = await registration?.pushManager.getSubscription()
  // the server first: what it does not know any more it does not push
  if (subscription) {
    await deleteSubscription(subscription.endpoint)
    await subscription.unsubscribe()
  }
  await registration?.unregister()
}

const isSubscribed = async (): Promise<boolean> => {
  const registration = await navigator.serviceWorker.getRegistration()
  return (await registration?.pushManager.getSubscription()) != null
}

/** Rows of the settings: of what this browser is told. Undefined where browsers have no push. */
export const notificationRows = (): HTMLElement | undefined => {
  if (!isPossible()) return undefined
  const fault = h('p', { class: 'form-fault', role: 'alert' })
  const kept = keptTopics()
  const boxes = PUSH_TOPICS.map((topic) => ({
    topic,
    box: h('input', { type: 'checkbox', value: topic }),
  }))
  const change = async (): Promise<void> => {
    fault.textContent = ''
    const topics = boxes.filter(({ box }) => box.checked).map(({ topic }) => topic)
    try {
      if (topics.length > 0) await subscribe(topics)
      else await unsubscribe()
    } catch (error) {
      fault.textContent = error instanceof Error ? error.message : faultText(error)
      for (const { box } of boxes) box.checked = false
    }
  }
  // one after the other: two ticks in a row must not overtake each other
  let pending = Promise.resolve()
  for (const { box } of boxes)
    box.addEventListener('change', () => {
      pending = pending.then(change)
    })
  void isSubscribed().then((is) => {
    for (const { box, topic } of boxes) box.checked = is && kept.includes(topic)
  })
  return h(
    'fieldset',
    { class: 'checks', id: 'push' },
    h('legend', { class: 'form-label' }, t('push.title')),
    ...boxes.map(({ box, topic }) => h('label', { class: 'check' }, box, t(`push.${topic}`))),
    fault,
  )
}
