/**
 * Shows what the server pushes while the page is closed. It keeps nothing and answers no request: the page is as fresh as
 * the server's, and a worker that is gone wrong can keep nobody from it.
 */
import type { Message } from '../../server/notify/message.ts'

declare const self: ServiceWorkerGlobalScope

type News = Pick<Message, 'topic' | 'text' | 'createdMs' | 'device' | 'event'>

/** Address of the page at what the news is about. */
const placeOf = ({ device, event }: News): string => {
  if (!device) return '/'
  const at = event ? `@${event.videoStartMs}` : ''
  return `/#${device.productId}/${device.deviceName}/${event?.channel ?? 0}${at}`
}

self.addEventListener('push', (event) => {
  const news = event.data?.json() as News | undefined
  if (!news) return
  const { device, text, createdMs, topic } = news
  const options: NotificationOptions & { timestamp: number } = {
    body: text,
    icon: '/icon.svg',
    // the newest of a kind and camera takes the place of the one before
    tag: [topic, device?.productId, device?.deviceName].join(' '),
    timestamp: createdMs,
    data: placeOf(news),
  }
  const title = device ? device.label || device.deviceName : 'Skyrill'
  event.waitUntil(self.registration.showNotification(title, options))
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  const place = event.notification.data as string
  event.waitUntil(
    (async () => {
      const open = await self.clients.matchAll({ type: 'window' })
      const page = open.find(({ url }) => new URL(url).pathname === '/')
      if (!page) return self.clients.openWindow(place)
      await page.focus()
      return page.navigate(place)
    })(),
  )
})
