/** A message from a device, as the broker delivered it. */
export type BrokerMessage = { topic: string; payload: Buffer }

export type BrokerEvents = {
  message(message: BrokerMessage): void
  /** told only by brokers that can see connections; heartbeats serve with the others */
  connected(clientId: string): void
  disconnected(clientId: string): void
}

/** Carries messages to and from devices. Embedded: aedes in this process; grows into any MQTT broker. */
export type Broker = {
  /** where devices connect */
  readonly url: string
  /** devices and the cloud can talk */
  isReady(): boolean
  /** QoS 1, not retained */
  publish(topic: string, payload: string): Promise<void>
  /** Ends a device's connection, where the broker can. */
  disconnect(clientId: string): void
  close(): Promise<void>
}

/** Answer to a login: the device's client id, or why it is refused. */
export type LoginResult = { ok: true } | { ok: false; reason: string }

export type CheckLogin = (login: {
  clientId: string
  username: string
  password: string
}) => Promise<LoginResult>
