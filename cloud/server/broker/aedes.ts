import { createServer, type Server, type Socket } from 'node:net'
import { Aedes, type AuthenticateError, type Client } from 'aedes'
import { errorText, type Logger } from '../log.ts'
import { MESSAGE_MAX_BYTES, maySubscribe, publishFault } from './acl.ts'
import { PacketLimit } from './packet-limit.ts'
import type { Broker, BrokerEvents, CheckLogin } from './types.ts'

/** MQTT 3.1.1, table 3.1: CONNACK return codes. */
const BAD_USER_NAME_OR_PASSWORD = 4
const SERVER_UNAVAILABLE = 3
const NORMAL_CLOSE_MS = 2000
const CONNECT_TIMEOUT_MS = 10_000

export type AedesOptions = {
  host: string
  port: number
  checkLogin: CheckLogin
  events: BrokerEvents
  log: Logger
}

const refusal = (returnCode: number, reason: string): AuthenticateError =>
  Object.assign(new Error(reason), { returnCode })

const listen = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve((server.address() as { port: number }).port)
    })
  })

/** The MQTT broker in this process. Devices see only their own topics; a second session of one device ends the first. */
export const openAedesBroker = async (options: AedesOptions): Promise<Broker> => {
  const { host, checkLogin, events, log } = options
  // aedes in Deno stalls on large packets; refusing is better than a device that hangs
  if ('Deno' in globalThis)
    throw new Error(
      'the embedded MQTT broker does not run on Deno: start the cloud with Bun or Node',
    )
  const broker = await Aedes.createBroker({
    connectTimeout: CONNECT_TIMEOUT_MS,
    authenticate(client, username, password, done) {
      checkLogin({
        clientId: client.id,
        username: username ?? '',
        password: password?.toString('utf8') ?? '',
      }).then(
        (result) => {
          if (result.ok) return done(null, true)
          log.warn('MQTT login refused', { clientId: client.id, reason: result.reason })
          done(refusal(BAD_USER_NAME_OR_PASSWORD, result.reason), false)
        },
        (error) => {
          log.error('MQTT login not checked', { clientId: client.id, reason: errorText(error) })
          done(refusal(SERVER_UNAVAILABLE, 'try again'), false)
        },
      )
    },
    authorizePublish(client, packet, done) {
      if (!client) return done()
      const fault = publishFault(client.id, {
        topic: packet.topic,
        bytes: packet.payload.length,
        qos: packet.qos,
        retain: packet.retain,
      })
      if (fault === undefined) return done()
      log.warn('MQTT message refused', { clientId: client.id, reason: fault })
      done(new Error(fault))
    },
    authorizeSubscribe(client, subscription, done) {
      if (maySubscribe(client.id, subscription.topic)) return done(null, subscription)
      log.warn('MQTT subscription refused', { clientId: client.id, topic: subscription.topic })
      // null answers with failure (MQTT 3.1.1, 3.9.3) and keeps the connection
      done(null, null)
    },
    published(packet, client, done) {
      if (client) events.message({ topic: packet.topic, payload: Buffer.from(packet.payload) })
      done()
    },
  })
  const sessions = new Map<string, Client>()
  broker.on('clientReady', (client) => {
    sessions.set(client.id, client)
    events.connected(client.id)
  })
  broker.on('clientDisconnect', (client) => {
    // the older session of a device that has come back is not the device leaving
    if (sessions.get(client.id) !== client) return
    sessions.delete(client.id)
    events.disconnected(client.id)
  })
  broker.on('clientError', (client, error) =>
    log.debug('MQTT connection ended', { clientId: client.id, reason: error.message }),
  )

  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.setNoDelay(true)
    const limit = new PacketLimit(MESSAGE_MAX_BYTES * 2)
    socket.on('data', (chunk) => {
      if (limit.accepts(chunk)) return
      log.warn('MQTT packet too large, connection closed', { address: socket.remoteAddress ?? '' })
      socket.destroy()
    })
    broker.handle(socket)
  })
  const port = await listen(server, host, options.port).catch(async (error) => {
    await new Promise<void>((resolve) => broker.close(resolve))
    throw new Error(`MQTT port ${options.port} cannot be opened: ${errorText(error)}`)
  })

  return {
    url: `mqtt://${host.includes(':') ? `[${host}]` : host}:${port}`,
    isReady: () => server.listening,
    publish: (topic, payload) =>
      new Promise((resolve, reject) =>
        broker.publish(
          { cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false },
          (error) => (error ? reject(error) : resolve()),
        ),
      ),
    disconnect: (clientId) => sessions.get(clientId)?.close(),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await new Promise<void>((resolve) => broker.close(resolve))
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, NORMAL_CLOSE_MS)
      await closed
      clearTimeout(timer)
    },
  }
}
