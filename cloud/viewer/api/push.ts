import { request } from './request.ts'

/** What a browser may be told of. */
export const PUSH_TOPICS = ['event', 'offline', 'online', 'storage'] as const
export type PushTopic = (typeof PUSH_TOPICS)[number]

export const getPushKey = async (): Promise<string> =>
  (await request<{ publicKey: string }>('GET', '/api/push/key')).publicKey

export const putSubscription = (subscription: PushSubscription, topics: readonly PushTopic[]) => {
  const { endpoint, keys } = subscription.toJSON()
  const body = { subscription: { endpoint, keys }, rule: { topics, throttleSec: 60 } }
  return request<void>('PUT', '/api/push/subscription', { body })
}

export const deleteSubscription = (endpoint: string) =>
  request<void>('DELETE', '/api/push/subscription', { body: { endpoint } })
