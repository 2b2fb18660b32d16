import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import {
  openSecret,
  REGISTRATION_PATH,
  registrationReplySchema,
  signRegistration,
} from './mqtt/registration.ts'

const TIMEOUT_MS = 10_000
const ANSWER_MAX_BYTES = 16 * 1024

export type RegistrationOptions = {
  /** HTTP address of the cloud: `http://host:8080`, `https://host` */
  url: string
  productId: string
  deviceName: string
  productSecret: string
  /** PEM of the authority that signed the cloud's certificate, when no public one did */
  ca?: string
}

/** The cloud has refused, or cannot be reached (status 0). */
export class RegistrationError extends Error {
  override name = 'RegistrationError'

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

const post = (
  url: URL,
  body: string,
  ca: string | undefined,
): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new RegistrationError(0, reason))
    const send = url.protocol === 'https:' ? requestHttps : requestHttp
    const request = send(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
      agent: false,
      ...(ca !== undefined && { ca }),
    })
    const timer = setTimeout(() => request.destroy(new Error('no answer in time')), TIMEOUT_MS)
    request.on('error', (error) => {
      clearTimeout(timer)
      fail(`the cloud cannot be reached: ${error.message}`)
    })
    request.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > ANSWER_MAX_BYTES) request.destroy(new Error('the answer is too long'))
      })
      response.on('end', () => {
        clearTimeout(timer)
        resolve({ status: response.statusCode ?? 0, text })
      })
    })
    request.end(body)
  })

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Registers a device by the secret of its product and returns the device's own secret, which has to be kept: once the device
 * has connected it is not told again. May be repeated until then.
 */
export const registerDevice = async (options: RegistrationOptions): Promise<string> => {
  const { productId, deviceName, productSecret } = options
  const url = URL.canParse(options.url) ? new URL(REGISTRATION_PATH, options.url) : undefined
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new RegistrationError(0, `${options.url} is no http or https address`)
  const request = signRegistration(productId, deviceName, productSecret)
  const { status, text } = await post(url, JSON.stringify(request), options.ca)
  const json = parsed(text)
  if (status !== 200) {
    const { error } = (json ?? {}) as { error?: { message?: string } }
    throw new RegistrationError(status, error?.message ?? `the cloud answered ${status}`)
  }
  const reply = registrationReplySchema.safeParse(json)
  try {
    return openSecret(request, productSecret, reply.data?.sealed ?? '')
  } catch {
    throw new RegistrationError(
      status,
      'the answer is not from a cloud that knows the product secret',
    )
  }
}
