/** What a topic carries. The names are the thing model's. */
export type TopicKind = 'property' | 'event' | 'service'

/** `up` is device to cloud, `down` is cloud to device. */
export type TopicDirection = 'up' | 'down'

/** Topic of one device: `$thing/{up,down}/{property,event,service}/{productId}/{deviceName}`. */
export const topic = (
  direction: TopicDirection,
  kind: TopicKind,
  productId: string,
  deviceName: string,
): string => `$thing/${direction}/${kind}/${productId}/${deviceName}`

/** Filter of everything that devices send; the cloud subscribes to it. */
export const UP_FILTER = '$thing/up/#'

/** Filter of everything that is sent to one device; the device subscribes to it. */
export const downFilter = (productId: string, deviceName: string): string =>
  `$thing/down/+/${productId}/${deviceName}`

const PATTERN = /^\$thing\/(up|down)\/(property|event|service)\/([^/]+)\/([^/]+)$/

export type ParsedTopic = {
  direction: TopicDirection
  kind: TopicKind
  productId: string
  deviceName: string
}

/** The parts of a topic, or undefined when it is not one of ours. */
export const parseTopic = (name: string): ParsedTopic | undefined => {
  const match = PATTERN.exec(name)
  if (!match) return undefined
  const [, direction, kind, productId, deviceName] = match
  return { direction, kind, productId, deviceName } as ParsedTopic
}
