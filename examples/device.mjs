// Identity from the environment, and what every program begins with.
import { lastError, meaningOf, nameOf, sysInit } from 'skyrill'

export const required = (name) => {
  const value = process.env[name]
  if (!value) throw new Error(`set ${name}; README.md says to what`)
  return value
}

export const settings = {
  video: required('SKYRILL_VIDEO'),
  audio: required('SKYRILL_AUDIO'),
  seconds: Number(process.env.SKYRILL_SECONDS ?? 6),
}

/** Throws when a function of the API did not return IV_ERR_NONE. */
export const check = (what, code) => {
  if (code === 0) return
  const { message } = lastError(0)
  throw new Error(`${what}: ${nameOf(code)} (${meaningOf(code)}) ${message}`)
}

/** Starts the system module and waits until the device is online. */
export const goOnline = async () => {
  const online = Promise.withResolvers?.() ?? deferred()
  const code = await sysInit({
    cloudUrl: required('SKYRILL_CLOUD'),
    productId: required('SKYRILL_PRODUCT'),
    deviceName: required('SKYRILL_DEVICE'),
    deviceSecret: required('SKYRILL_SECRET'),
    onOnline: () => online.resolve(),
    onOffline: (reason) => console.error(`offline: ${reason}`),
  })
  check('sysInit', code)
  await online.promise
}

const deferred = () => {
  let resolve
  const promise = new Promise((done) => {
    resolve = done
  })
  return { promise, resolve }
}

/** AAC and H.264 in MPEG-TS, a buffer of 1 MiB. */
export const channel = {
  channel_id: 0,
  u32MaxGopSize: 1024 * 1024,
  av_fmt: { eAudioType: 4, eVideoType: 0, u32Framerate: 25 },
  cs_fmt: 0,
}
