import { randomUUID } from 'node:crypto'
import mqtt from 'mqtt'
import { UP_FILTER } from '../contract.ts'
import { errorText, type Logger } from '../log.ts'
import type { Broker, BrokerEvents } from './types.ts'

const CONNECT_TIMEOUT_MS = 10_000

export type ExternalOptions = {
  /** `mqtt://user:password@host:1883`, also mqtts, ws, wss */
  url: string
  events: Pick<BrokerEvents, 'message'>
  log: Logger
}

/** The URL without what nobody else needs to see. */
const withoutLogin = (text: string): string => {
  const url = new URL(text)
  url.username = ''
  url.password = ''
  return url.href.replace(/\/$/, '')
}

/**
 * A broker that runs elsewhere: logins and access to topics are its business (docs/PROTOCOL.md, login `static`), and
 * presence comes from heartbeats alone. The connection is made again whenever it is lost.
 */
export const openExternalBroker = async ({
  url,
  events,
  log,
}: ExternalOptions): Promise<Broker> => {
  const shown = withoutLogin(url)
  const client = await mqtt
    .connectAsync(
      url,
      { clientId: `skyrill-cloud-${randomUUID()}`, connectTimeout: CONNECT_TIMEOUT_MS },
      // the first connection must work: a wrong address or login is a fault of the configuration
      false,
    )
    .catch((error) => {
      throw new Error(`the MQTT broker ${shown} cannot be used: ${errorText(error)}`)
    })
  client.on('error', (error) => log.error('MQTT broker', { broker: shown, reason: error.message }))
  client.on('offline', () => log.warn('MQTT broker lost, trying again', { broker: shown }))
  client.on('connect', () => log.info('MQTT broker is back', { broker: shown }))
  client.on('message', (topic, payload) => events.message({ topic, payload }))
  // the client subscribes anew by itself after a loss
  await client.subscribeAsync(UP_FILTER, { qos: 1 })
  return {
    url: shown,
    isReady: () => client.connected,
    publish: async (topic, payload) => {
      await client.publishAsync(topic, payload, { qos: 1 })
    },
    // MQTT has no word for ending another client's connection
    disconnect: () => {},
    close: () => client.endAsync(),
  }
}
