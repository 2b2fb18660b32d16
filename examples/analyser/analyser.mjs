#!/usr/bin/env node
/**
 * An example of an analyser: a process of its own that the cloud sends work to, and that sends back what it found. It compares pictures that
 * follow each other and tells how much of the picture changes. It recognises nothing: a cloud before the sun, rain and noise are motion too,
 * and somebody who stands still is not. Put a model where `lookAt` is.
 *
 *   SKYRILL_HOOK_SECRET=... PORT=9000 node examples/analyser/analyser.mjs
 *
 * The hook: POST /api/hooks {"kind":"webhook","name":"motion","target":"http://127.0.0.1:9000/","rule":{"topics":["analysis"]}}; its answer
 * has the secret. On one machine the cloud needs SKYRILL_HOOKS_PRIVATE=1. Needs ffmpeg. The contract: docs/PROTOCOL.md section 6.
 */
import { spawn } from 'node:child_process'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { argv } from 'node:process'
import { pathToFileURL } from 'node:url'

/** Pictures are looked at so small, so often: motion is coarse, and a board should manage. */
const WIDTH = 64
const HEIGHT = 36
const PICTURES_PER_SECOND = 4
/** A pixel has changed when its brightness differs by more than noise does. */
const PIXEL_THRESHOLD = 16
/** Motion: so much of the picture has changed. */
const MOTION_PART = 0.01
const BODY_MAX_BYTES = 64 * 1024
const SIGNATURE_AGE_S = 300
const FFMPEG_TIMEOUT_MS = 120_000
/** The cloud waits ten seconds. */
const ANSWER_MS = 8000
const REMEMBERED_MS = 3_600_000

const sign = (secret, seconds, body) =>
  createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')

const isSigned = (secret, header, body) => {
  const [, seconds, given] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header ?? '') ?? []
  if (!given || Math.abs(Date.now() / 1000 - Number(seconds)) > SIGNATURE_AGE_S) return false
  return timingSafeEqual(Buffer.from(given, 'hex'), Buffer.from(sign(secret, seconds, body), 'hex'))
}

/** Grey pictures of a video, one after the other. */
async function* pictures(url) {
  const ffmpeg = spawn('ffmpeg', [
    ...[
      '-hide_banner',
      '-nostdin',
      '-v',
      'error',
      '-protocol_whitelist',
      'http,https,tcp,tls,crypto',
    ],
    ...['-i', url, '-an', '-vf', `fps=${PICTURES_PER_SECOND},scale=${WIDTH}:${HEIGHT},format=gray`],
    ...['-f', 'rawvideo', '-'],
  ])
  const timer = setTimeout(() => ffmpeg.kill('SIGKILL'), FFMPEG_TIMEOUT_MS)
  let said = ''
  ffmpeg.stderr.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-1000)
  })
  const ended = new Promise((resolve, reject) => {
    ffmpeg.on('error', reject)
    ffmpeg.on('close', resolve)
  })
  // told below; until then nobody waits for it
  ended.catch(() => {})
  let rest = Buffer.alloc(0)
  try {
    for await (const chunk of ffmpeg.stdout) {
      rest = Buffer.concat([rest, chunk])
      for (; rest.length >= WIDTH * HEIGHT; rest = rest.subarray(WIDTH * HEIGHT))
        yield rest.subarray(0, WIDTH * HEIGHT)
    }
    const status = await ended
    if (status !== 0) throw new Error(`ffmpeg ended with ${status}: ${said}`)
  } finally {
    clearTimeout(timer)
    ffmpeg.kill('SIGKILL')
  }
}

/** The part of the pixels that differ, 0 to 1. */
export const changedPart = (before, after) => {
  let changed = 0
  for (let at = 0; at < after.length; at++)
    if (Math.abs(after[at] - before[at]) > PIXEL_THRESHOLD) changed++
  return changed / after.length
}

/** What is to be told of an event's video. */
export const lookAt = async (url) => {
  let before
  let [count, moving, most, mostAt] = [0, 0, 0, 0]
  for await (const picture of pictures(url)) {
    if (before) {
      const part = changedPart(before, picture)
      if (part >= MOTION_PART) moving++
      if (part > most) [most, mostAt] = [part, count / PICTURES_PER_SECOND]
    }
    before = Buffer.from(picture)
    count++
  }
  if (count < 2) return 'too short to compare pictures'
  if (moving === 0) return `no motion in ${Math.round(count / PICTURES_PER_SECOND)} s`
  const seconds = (moving / PICTURES_PER_SECOND).toFixed(1)
  return `motion for ${seconds} of ${(count / PICTURES_PER_SECOND).toFixed(1)} s, most after ${mostAt.toFixed(1)} s (${Math.round(most * 100)} % of the picture)`
}

const sendResult = async ({ device, event, links }, text, hook, secret) => {
  const { productId, deviceName } = device
  const body = JSON.stringify({
    productId,
    deviceName,
    channel: event.channel,
    key: event.key,
    text,
  })
  const seconds = Math.floor(Date.now() / 1000)
  const answer = await fetch(links.result, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'Skyrill-Hook': hook,
      'Skyrill-Signature': `t=${seconds},v1=${sign(secret, seconds, body)}`,
    },
    body,
  })
  if (!answer.ok) throw new Error(`the cloud answered ${answer.status}: ${await answer.text()}`)
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Says that work is done when its result is at the cloud. Looking may take longer than the cloud waits for an answer: then it is told to ask
 * again, and finds the same work under way. So an analyser that is killed gets its work once more.
 */
export const startAnalyser = ({ secret, port = 9000, host = '127.0.0.1', log = console.log }) => {
  const jobs = new Map()

  const job = (work, hook) => {
    const known = jobs.get(work.id)
    if (known) return known
    const fresh = lookAt(work.links.playlist)
      .then(async (text) => {
        await sendResult(work, text, hook, secret)
        log(`${work.device.productId}/${work.device.deviceName} ${work.event.key}: ${text}`)
        return { status: 204, text: '' }
      })
      .catch((error) => {
        log(`${work.event.key}: ${error.message}`)
        return { status: 500, text: error.message }
      })
    jobs.set(work.id, fresh)
    // what failed is begun anew when the cloud asks again; what is done is remembered for a while
    fresh.then(({ status }) =>
      setTimeout(() => jobs.delete(work.id), status === 204 ? REMEMBERED_MS : 0).unref(),
    )
    return fresh
  }

  const answer = async (body, headers) => {
    if (!isSigned(secret, headers['skyrill-signature'], body))
      return { status: 401, text: 'the signature does not fit' }
    const work = JSON.parse(body)
    if (work.topic !== 'analysis' || !work.event || !work.links?.playlist)
      return { status: 204, text: '' }
    const late = wait(ANSWER_MS).then(() => ({ status: 503, text: 'still looking' }))
    return Promise.race([job(work, headers['skyrill-hook']), late])
  }

  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk) => {
      body += chunk
      if (body.length > BODY_MAX_BYTES) request.destroy()
    })
    request.on('end', () =>
      answer(body, request.headers).then(
        ({ status, text }) => response.writeHead(status).end(text),
        () => response.writeHead(400).end(),
      ),
    )
  })
  return new Promise((resolve) =>
    server.listen(port, host, () =>
      resolve({ port: server.address().port, close: () => server.close() }),
    ),
  )
}

if (argv[1] && import.meta.url === pathToFileURL(argv[1]).href) {
  const secret = process.env.SKYRILL_HOOK_SECRET
  if (!secret) {
    console.error('SKYRILL_HOOK_SECRET is needed: the answer to POST /api/hooks has it')
    process.exit(2)
  }
  const { port } = await startAnalyser({ secret, port: Number(process.env.PORT ?? 9000) })
  console.log(`analyser on port ${port}`)
}
