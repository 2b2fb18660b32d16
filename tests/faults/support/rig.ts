import { fileURLToPath } from 'node:url'
import type { CloudOptions } from '../../../cloud/server/index.ts'
import type {
  iv_cs_channel_params_s,
  iv_cs_init_func_cb_s,
  iv_cs_init_parm_s,
} from '../../../runtime/index.ts'
import { openCloud, type TestCloud, until } from '../../cloud/support/cloud.ts'
import { type CloudSlice, register, slicesOf } from '../../e2e/support/cloud-client.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'
import { type Frame, framesOf } from '../../support/frames.ts'
import { TestCamera } from '../../support/test-camera.ts'

/** Conditions are waited for this long: the machine may have other things to do. */
export const PATIENCE_MS = 90_000

export const clip = (name: string): string =>
  fileURLToPath(new URL(`../../../tools/demo/${name}`, import.meta.url))

let clipFrames: Promise<Frame[]> | undefined
/** The demo clip with its sound, in the order in which a camera pushes it. */
export const demoFrames = (): Promise<Frame[]> => {
  clipFrames ??= framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') })
  return clipFrames
}

/** The real cloud behind one proxy for HTTP and one for MQTT. */
export type Rig = {
  cloud: TestCloud
  http: FaultProxy
  mqtt: FaultProxy
  /** A camera that knows the cloud only through the proxies; it has a full-time plan and has been told to start. */
  camera(
    name: string,
    channel?: Partial<iv_cs_channel_params_s>,
    extra?: Partial<iv_cs_init_parm_s>,
    callbacks?: Partial<iv_cs_init_func_cb_s>,
  ): Promise<RigCamera>
  slicesOf(camera: Pick<RigCamera, 'identity'>): Promise<CloudSlice[]>
  close(): Promise<void>
}

export type RigCamera = TestCamera & { identity: { productId: string; deviceName: string } }

const portOf = (url: string): number => Number(new URL(url).port)

export type RigOptions = CloudOptions & {
  /** how devices reach the HTTP proxy when not by its address */
  urlOf?: (port: number) => string
  /** of the HTTP proxy: 'tcp' where it carries TLS */
  protocol?: 'http' | 'tcp'
  /** authority that devices trust */
  ca?: string
}

export const openRig = async ({
  urlOf,
  protocol = 'http',
  ca,
  ...options
}: RigOptions = {}): Promise<Rig> => {
  const http = await new FaultProxy({ target: { port: 0 }, protocol }).start()
  const mqtt = await new FaultProxy({ target: { port: 0 }, protocol: 'tcp' }).start()
  const publicUrl = urlOf?.(http.port) ?? `http://127.0.0.1:${http.port}`
  // the port of the HTTP server itself is not told by a cloud that has a public URL: it is asked of the log
  const cloud = await openCloud({ logLevel: 'info', publicUrl, ...options })
  const listening = cloud.log.find((line) => line.includes('listening'))
  const direct = /http:\/\/127\.0\.0\.1:\d+/.exec(listening ?? '')?.[0]
  if (!direct) throw new Error(`the cloud does not say where it listens: ${listening}`)
  http.target = portOf(direct)
  mqtt.target = portOf(cloud.mqttUrl)
  // what the test itself asks goes past the proxy
  const address = { ...cloud, httpUrl: direct }
  const cameras: TestCamera[] = []
  return {
    cloud: address,
    http,
    mqtt,
    camera: async (name, channel = {}, extra = {}, callbacks = {}) => {
      const identity = await register(address, name)
      const camera = Object.assign(new TestCamera(), { identity })
      camera.extra = extra
      camera.callbacks = callbacks
      cameras.push(camera)
      const cloudUrl = `mqtt://127.0.0.1:${mqtt.port}`
      await camera.open({ ...identity, cloudUrl, ...(ca !== undefined && { ca }) }, channel)
      await camera.started
      return camera
    },
    slicesOf: (camera) => slicesOf(address, camera.identity),
    close: async () => {
      for (const camera of cameras) await camera.system.exit()
      await http.stop()
      await mqtt.stop()
      await cloud.remove()
    },
  }
}

/** Everything that was pushed has been acknowledged. */
export const settled = (camera: TestCamera): Promise<unknown> =>
  until(
    'the last acknowledgement',
    () => camera.storage.stats(camera.channel)!.bufferedBytes === 0,
    PATIENCE_MS,
  )
