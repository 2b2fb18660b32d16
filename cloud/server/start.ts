import { Accounts } from './accounts/accounts.ts'
import { Sessions } from './accounts/sessions.ts'
import { createApp } from './app.ts'
import { openAedesBroker } from './broker/aedes.ts'
import { openExternalBroker } from './broker/external.ts'
import { createLoginCheck } from './broker/login.ts'
import type { BrokerEvents } from './broker/types.ts'
import { Catalog } from './catalog.ts'
import { Cluster } from './cluster.ts'
import { openDataFolder } from './data-folder.ts'
import type { CloudOptions } from './env.ts'
import { destroyRecordings } from './events/destroy.ts'
import { EventService } from './events/events.ts'
import { ExportFiles, isFileStore } from './export/export-files.ts'
import { ExportJobs } from './export/export-jobs.ts'
import { DEFAULT_LINK_MS } from './hls/media-link.ts'
import { Ingest } from './ingest/ingest.ts'
import { createLimits } from './limits/limits.ts'
import { type Listener, listen } from './listen.ts'
import { createLogger, errorText, type Logger } from './log.ts'
import { Losses } from './losses/losses.ts'
import { Metrics } from './metrics/metrics.ts'
import { MqttBridge } from './mqtt-bridge.ts'
import { type NotifyParts, openNotify } from './notify/open.ts'
import { PlanLimits } from './plan-limits.ts'
import { Presence } from './presence.ts'
import { Products } from './registration/products.ts'
import { Registry } from './registry.ts'
import { Retention } from './retention.ts'
import { picturePath } from './routes/pictures.ts'
import { uploadsPath } from './routes/uploads.ts'
import type { Services } from './services.ts'
import { spaceOf } from './storage/space.ts'
import type { Device, IndexStore, Plan } from './store/index/types.ts'
import type { ObjectStore } from './store/objects/types.ts'
import { DEFAULT_MIN_FREE_BYTES, openDiskObjects, openIndex, openObjects } from './store/open.ts'
import { Signer, storedToken } from './tokens.ts'

export type Cloud = {
  /** where the HTTP server is reached, without a slash at the end */
  httpUrl: string
  mqttUrl: string
  adminToken: string
  viewerToken: string
  /** the page, with the viewer token in it */
  viewerUrl: string
  /** the token was made by this start and has never been shown */
  isAdminTokenNew: boolean
  isViewerTokenNew: boolean
  /** ends cleanly: open slices are synced and taken up by the next start */
  close(): Promise<void>
}

const PRESENCE_SAVE_MS = 10_000

const urlHost = (host: string): string => {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

/** What tests replace. */
export type CloudOverrides = {
  now?: () => number
  log?: Logger
  /** in place of those that the options name; they are closed with the cloud */
  stores?: { index: IndexStore; objects: ObjectStore }
  notifyTiming?: NotifyParts['timing']
  /** cost of password hashes */
  passwordLog2N?: number
}

/** Opens the stores, the broker and the HTTP server. When one fails those before it are closed again. */
export const startCloud = async (
  options: CloudOptions = {},
  overrides: CloudOverrides = {},
): Promise<Cloud> => {
  const host = options.host ?? '127.0.0.1'
  const now = overrides.now ?? Date.now
  const minFreeBytes = options.minFreeBytes ?? DEFAULT_MIN_FREE_BYTES
  const log =
    overrides.log ?? createLogger(options.logLevel ?? 'info', undefined, options.logFormat)
  const cleanup: (() => unknown)[] = []
  const undo = async () => {
    for (const step of cleanup.splice(0).reverse()) await step()
  }
  try {
    const folder = openDataFolder(options.dataDir ?? 'data')
    cleanup.push(() => folder.release())
    const stored = storedToken(folder.path, 'admin-token')
    const adminToken = options.adminToken ?? stored.token
    const storedViewer = storedToken(folder.path, 'viewer-token')
    const viewerToken = options.viewerToken ?? storedViewer.token
    const signer = new Signer(options.signingKey ?? storedToken(folder.path, 'signing-key').token)

    const index = overrides.stores?.index ?? (await openIndex(options, folder, log))
    cleanup.push(() => index.close())
    const objects = overrides.stores?.objects ?? (await openObjects(options, folder, index, log))
    cleanup.push(() => objects.close())
    // instances know of each other where they share everything
    const instance = index.isShared ? objects.instance : undefined
    const cluster = new Cluster({ uploads: index.uploads, instance, log })
    await cluster.start()
    cleanup.push(() => cluster.stop())
    const registry = new Registry(index, now)
    const presence = new Presence(index, now)
    const ingest = new Ingest({ objects, index, registry, log, now })
    await ingest.start()
    cleanup.push(() => ingest.close())

    const catalog = new Catalog(index, ingest)
    const losses = new Losses({ index, catalog })
    let listener: Listener | undefined
    let isClosing = false
    const httpUrl = () => `http://${urlHost(host)}:${listener?.port ?? options.httpPort ?? 0}`
    const publicUrl = () => (options.publicUrl ?? httpUrl()).replace(/\/$/, '')
    const pushPlan = (device: Device, channel: number, plan: Plan) =>
      bridge.pushPlan(device, channel, plan)
    const accounts = new Accounts(index.db, now, overrides.passwordLog2N)
    const notify = await openNotify({
      options,
      index,
      accounts,
      presence,
      signer,
      publicUrl,
      folder: objects.isShared ? undefined : folder.path,
      minFreeBytes,
      log,
      now,
      timing: overrides.notifyTiming,
    })
    cleanup.push(() => notify.stop())
    const events = new EventService({
      notifier: notify.notifier,
      index,
      registry,
      catalog,
      signer,
      now,
      pictureUrl: (device, channel, key) => `${publicUrl()}${picturePath(device, channel, key)}`,
      pushPlan,
    })
    const bridge = new MqttBridge({
      registry,
      events,
      losses,
      ingest,
      answers: (device, clientToken) => cluster.answers(device, clientToken),
      destroy: (device) =>
        destroyRecordings(
          { index, registry, presence, ingest, catalog, exports, now, pushPlan },
          device,
          'device',
        ),
      presence,
      signer,
      log,
      now,
      publish: (topic, payload) => broker.publish(topic, payload),
      uploadUrl: (device, channel) => `${publicUrl()}${uploadsPath(device, channel)}`,
    })
    const notePresence = (clientId: string, note: (device: Device) => void) =>
      void registry.deviceByClientId(clientId).then(
        (device) => device && note(device),
        (error) => log.error('presence not noted', { clientId, reason: errorText(error) }),
      )
    const brokerEvents: BrokerEvents = {
      message: (message) => void bridge.receive(message),
      connected: (clientId) => notePresence(clientId, (device) => presence.connected(device)),
      disconnected: (clientId) =>
        notePresence(clientId, (device) => presence.disconnected(device.id)),
    }
    const broker = options.mqttBrokerUrl
      ? await openExternalBroker({ url: options.mqttBrokerUrl, events: brokerEvents, log })
      : await openAedesBroker({
          host,
          port: options.mqttPort ?? 1883,
          checkLogin: createLoginCheck(registry, now),
          events: brokerEvents,
          log,
        })
    cleanup.push(() => broker.close())
    const savePresence = () =>
      presence
        .save()
        .catch((error) => log.error('presence not saved', { reason: errorText(error) }))
    const timer = setInterval(savePresence, PRESENCE_SAVE_MS)
    timer.unref()
    cleanup.push(() => {
      clearInterval(timer)
      return savePresence()
    })

    const sessions = new Sessions(index.db, accounts, { adminToken, viewerToken }, now)
    const metrics = new Metrics({
      devices: async () => {
        const devices = await index.devices()
        const online = devices.filter((device) => presence.view(device).online)
        return { registered: devices.length, online: online.length }
      },
      openSlices: () => ingest.openCount,
      mqtt: () => bridge.counters,
      queue: () => notify.deliveries.counts(),
      dataDir: folder.path,
    })
    // a store that is only read has files of its own beside it
    const fileStore = isFileStore(objects) ? objects : openDiskObjects(options, folder, log)
    if (fileStore !== objects) cleanup.push(() => fileStore.close())
    const exportFiles = new ExportFiles(fileStore)
    const exports = new ExportJobs({
      ...{ index, objects, files: exportFiles, catalog, log, now, instance },
      room: async () => {
        const space = await spaceOf(fileStore, folder.path)
        return space && space.freeBytes - minFreeBytes
      },
    })
    await exports.start()
    cleanup.push(() => exports.stop())
    const { hooks, deliveries, notifier, dispatcher, vapidPublicKey } = notify
    const services: Services = {
      ...{ hooks, deliveries, notifier, dispatcher, vapidPublicKey },
      metrics,
      products: new Products(index.db, now),
      broker,
      accounts,
      sessions,
      limits: createLimits(now, {
        ...(options.proxies !== undefined && { proxies: options.proxies }),
        ...(options.apiPerSecond !== undefined && { apiPerSecond: options.apiPerSecond }),
      }),
      objects,
      index,
      registry,
      presence,
      ingest,
      planLimits: new PlanLimits({ index, registry, catalog, events, now }),
      catalog,
      losses,
      exports,
      exportFiles,
      bridge,
      signer,
      log,
      now,
      folder: folder.path,
      minFreeBytes,
      linkMs: options.linkMs ?? DEFAULT_LINK_MS,
      adminToken,
      viewerToken,
      disconnect: (clientId) => broker.disconnect(clientId),
      publicUrl,
      mqttUrl: () => broker.url,
      isClosing: () => isClosing,
    }
    const retention = new Retention({
      index,
      objects,
      registry,
      ingest,
      catalog,
      log,
      now,
      freeBytes: async () => (await spaceOf(objects, folder.path))?.freeBytes,
      minFreeBytes,
      mayRun: () => cluster.holdsJob('retention'),
    })
    retention.start()
    cleanup.push(() => retention.stop())
    listener = await listen(createApp(services).fetch, host, options.httpPort ?? 8080)
    cleanup.push(() => listener?.close())
    notify.start()
    log.info('listening', { http: httpUrl(), mqtt: broker.url })
    return {
      httpUrl: publicUrl(),
      mqttUrl: broker.url,
      adminToken,
      viewerToken,
      viewerUrl: `${publicUrl()}/?token=${viewerToken}`,
      isAdminTokenNew: stored.isNew && options.adminToken === undefined,
      isViewerTokenNew: storedViewer.isNew && options.viewerToken === undefined,
      close: async () => {
        isClosing = true
        await undo()
      },
    }
  } catch (error) {
    await undo()
    throw error
  }
}
