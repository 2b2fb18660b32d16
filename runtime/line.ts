import { Capture } from './capture/capture.ts'
import { Channel } from './channel/channel.ts'
import type { ChannelCore } from './channel/core-store.ts'
import { Dump } from './channel/dump.ts'
import { RoomPolicy } from './channel/room-policy.ts'
import { SliceIds } from './channel/slice-ids.ts'
import type { SliceStore } from './channel/slices.ts'
import { EncryptedStore } from './crypto/encrypted-store.ts'
import { SliceKeys } from './crypto/slice-keys.ts'
import type { EventModule } from './event/event-module.ts'
import type { Events } from './event/events.ts'
import type { Keeper } from './keeper.ts'
import type { NewLoss } from './ledger/ledger.ts'
import { errorText, withPrefix } from './log.ts'
import type { ChannelOptions } from './options.ts'
import type { Archive } from './spool/archive.ts'
import { Backfill } from './spool/backfill.ts'
import { ChannelSpool } from './spool/channel-spool.ts'
import type { DropPolicy } from './spool/drop-policy.ts'
import type { System } from './system.ts'
import { type iv_cs_init_func_cb_s, iv_cs_notify_msg_type_e } from './types.ts'
import { BucketPair } from './upload/bucket/pair.ts'
import { BucketSliceClient, bucketLeave } from './upload/bucket/slice-client.ts'
import { BucketUplink } from './upload/bucket/uplink.ts'
import type { ChannelUplink } from './upload/channel-uplink.ts'
import { type CredentialProvider, CredentialStore } from './upload/credentials.ts'
import type { HttpTimeouts } from './upload/http.ts'
import type { SliceResult } from './upload/slice-work.ts'
import { type SliceClient, TusClient } from './upload/tus.ts'
import { Uplink } from './upload/uplink.ts'

/** One channel with everything that belongs to it. */
export type Line = {
  channel: Channel
  uplink: ChannelUplink
  events: Events
  backfill: Backfill
  /** its part in the spool, when there is one */
  spool: ChannelSpool | undefined
  /** takes frames from a Worker, when the channel has a queue for them */
  capture: Capture | undefined
  unwatch(): void
}

export type LineDependencies = {
  system: System
  tuning: { appendIntervalMs?: number; appendBytes?: number }
  /** the app's upload tokens in place of those that are fetched over MQTT */
  credentials?: CredentialProvider | undefined
  times(): HttpTimeouts
  archive: Archive
  keeper: Keeper
  dropPolicy: DropPolicy
  eventModule: EventModule
  /** asks whether the channel has a plan after all */
  askPlan(channel: number): Promise<boolean>
}

/** Opens a channel whose core is open: what happens in one part is told to the others here. */
export const openLine = (
  options: ChannelOptions,
  core: ChannelCore,
  callbacks: iv_cs_init_func_cb_s,
  dependencies: LineDependencies,
): Line => {
  const { system, tuning, times, archive, keeper, dropPolicy, eventModule, askPlan } = dependencies
  const { clock, random, bootId, ca } = system
  const { onDumpFile } = callbacks
  const id = options.channel_id
  const log = withPrefix(system.log, `channel ${id}`)
  const channel = new Channel(options, {
    clock,
    log,
    core,
    callbacks,
    onLost: (loss) => keeper.lost(loss),
    onRecording: (sinceMs) => keeper.recording(id, sinceMs),
    onEpochEnds: (next) => keeper.epochEnds(id, 'slice', ids.nameUpTo(next - 1)),
  })
  const events = eventModule.open(options, channel, callbacks, log, (startMs, endMs) =>
    keeper.isMissing(id, startMs, endMs),
  )
  const ids = new SliceIds(bootId, () => system.takeSliceNumber(id))
  const { bucket } = system
  const credentials = new CredentialStore(
    id,
    bucket ? bucketLeave : (dependencies.credentials ?? ((channel) => system.credentials(channel))),
    clock,
    random,
  )
  // from here on bytes, lengths and positions are those of what leaves the device
  const encrypted = system.encryption && new EncryptedStore(core, new SliceKeys(system.encryption))
  const store: SliceStore = encrypted ?? core
  const corePosition = (position: number): number => encrypted?.plainPosition(position) ?? position
  if (onDumpFile)
    channel.attachDump(
      new Dump({
        channel: id,
        store,
        ids,
        callback: onDumpFile,
        onDumped: (slice) => archive.add(slice),
        onError: (error) => log.error(`onDumpFile threw: ${errorText(error)}`),
      }),
    )
  /** for what is sent later than it was recorded; undefined: the cloud, by tus */
  const slicesToBucket = (): SliceClient | undefined =>
    bucket &&
    new BucketSliceClient(
      new BucketPair({ uplink: bucket.uplink, channel: id, clock, random, onSwitch: () => {} }),
      { ...bucket.device, channel: id },
    )
  const backfill = new Backfill({
    clock,
    random,
    ca,
    client: slicesToBucket() ?? system.slices?.(),
    credentials,
    scheduler: system.scheduler,
    times,
    find: (name) => archive.dumped.get(name),
    state: (name) => archive.state(name),
    onWhole: (name) => keeper.whole(id, name),
  })
  const writing = keeper.writing
  const spool =
    keeper.spool && writing
      ? new ChannelSpool({
          channel: id,
          spool: keeper.spool,
          store,
          ids,
          clock,
          random,
          log: withPrefix(log, 'spool'),
          client: slicesToBucket() ?? system.slices?.() ?? new TusClient(clock, ca),
          credentials,
          scheduler: system.scheduler,
          times,
          writeBytes: Math.min(writing.writeBytes, core.ringBytes >> 2),
          afterMs: writing.afterMs,
          isEvent: () => channel.isDemanded,
          onLost: (loss) => keeper.lost(loss),
          onWhole: (slice) => keeper.whole(id, slice),
        })
      : undefined
  if (spool) channel.attachSpool(spool.writer)
  else if (dropPolicy === 'non-event-first') channel.roomPolicy = new RoomPolicy(core)
  const {
    IV_CS_AV_UPLOAD_CONNECT_FAIL: connectFail,
    IV_CS_AV_UPLOAD_CONNECT_RECOVER: connectRecover,
    IV_CS_COS_SERVICE_WRONG: serviceWrong,
  } = iv_cs_notify_msg_type_e
  const common = {
    store: spool?.store ?? store,
    ids,
    leavesRest: onDumpFile !== undefined || spool !== undefined,
    copies: dropPolicy !== 'newest',
    clock,
    random,
    log,
    times,
    onAcknowledged: (position: number, from: number) => {
      channel.acknowledged(corePosition(position), corePosition(from))
      spool?.acknowledged(position)
      events.acknowledged(corePosition(from), corePosition(position))
    },
    onReleased: () => channel.released(),
    onSlice: (result: SliceResult) => {
      const name = ids.of(result.slice.number)
      archive.settle(name, result.whole)
      if (spool) spool.settle(result)
      else if (result.whole) keeper.whole(id, name)
      else keeper.lost(lossOf(id, result, onDumpFile ? name : undefined))
      channel.sliceEnded(result)
    },
    onConnectFail: (reason: string) => {
      log.warn(`connection to the cloud failed: ${reason}`)
      channel.notify(connectFail, null)
    },
    onConnectRecover: () => {
      log.info('connection to the cloud is back')
      channel.notify(connectRecover, null)
    },
    onServiceWrong: () => channel.notify(serviceWrong, null),
    scheduler: system.scheduler,
    source: {
      lagMs: () => (channel.buffered === 0 ? 0 : channel.latency.lagMs(clock.monoMs())),
      isEvent: () => !events.isSettled,
    },
  }
  const uplink: ChannelUplink = bucket
    ? new BucketUplink({
        ...common,
        bucket: bucket.uplink,
        device: { ...bucket.device, channel: id },
        ringBytes: core.ringBytes,
      })
    : new Uplink({
        ...common,
        ...tuning,
        credentials,
        ca,
        client: system.slices?.(),
        askPlan: () => askPlan(id),
      })
  channel.attach(uplink)
  uplink.start()
  const plan = system.plans?.get(id)
  // known from a query before initCs: events may be started at once
  if (plan) events.plan(plan)
  const queue = core.captureQueue
  const capture =
    queue &&
    new Capture({
      queue,
      push: (kind, frame) => channel.push(kind, frame),
      onCorrupt: (count) =>
        log.error(`a record of the capture queue was corrupt (${count} so far)`),
    })
  return { channel, uplink, events, backfill, spool, capture, unwatch: () => {} }
}

/** What the uplink did not bring home of a slice. One that the app has as a file is missing only until it sends that. */
const lossOf = (channel: number, result: SliceResult, slice: string | undefined): NewLoss => ({
  channel,
  startMs: result.slice.utcMsA,
  endMs: result.slice.utcMsB,
  bytes: Math.max(0, result.totalBytes - result.uploadedBytes),
  cause: slice === undefined && result.slice.lostBytes > 0 ? 'drop' : 'network',
  slice,
})
