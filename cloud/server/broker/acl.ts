import { type ParsedTopic, parseTopic } from '../contract.ts'

/** Messages are small; pictures and video go over HTTP. */
export const MESSAGE_MAX_BYTES = 2048

const isOwn = (clientId: string, topic: Pick<ParsedTopic, 'productId' | 'deviceName'>): boolean =>
  `${topic.productId}${topic.deviceName}` === clientId

export type Publication = { topic: string; bytes: number; qos: number; retain: boolean }

/** Why a device may not publish this, or undefined. It may publish to its own `up` topics only. */
export const publishFault = (clientId: string, publication: Publication): string | undefined => {
  const { topic, bytes, qos, retain } = publication
  const parsed = parseTopic(topic)
  if (parsed?.direction !== 'up') return `publishing to ${topic} is not allowed`
  if (!isOwn(clientId, parsed)) return `${topic} belongs to another device`
  if (retain) return 'retained messages are not allowed'
  if (qos > 1) return 'QoS 2 is not allowed'
  if (bytes > MESSAGE_MAX_BYTES)
    return `the message has ${bytes} bytes, at most ${MESSAGE_MAX_BYTES}`
  return undefined
}

/** Whether a device may subscribe: to its own `down` topics, one by one or all by `+`. */
export const maySubscribe = (clientId: string, filter: string): boolean => {
  // with `+` as the kind the filter is not a topic; any kind in its place makes it one
  const parsed = parseTopic(filter.replace(/^(\$thing\/down\/)\+\//, '$1property/'))
  return parsed?.direction === 'down' && isOwn(clientId, parsed)
}
