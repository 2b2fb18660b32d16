import { createTransport } from 'nodemailer'
import webpush from 'web-push'
import { z } from 'zod'
import type { Delivery } from './deliveries.ts'
import { type Answer, guardedPost } from './guarded-request.ts'
import type { Hook, HookKind } from './hooks.ts'
import type { Message } from './message.ts'
import { HOOK_HEADER, SIGNATURE_HEADER, signBody } from './signature.ts'

export type SenderOptions = {
  /** `smtp://user:password@host:587` or `smtps:`; absent: no mail */
  smtpUrl?: string | undefined
  mailFrom: string
  /** hooks may reach this machine and its network */
  allowPrivate: boolean
  /** keys by which push services know this server */
  vapid: { publicKey: string; privateKey: string; subject: string }
  now: () => number
}

/** Trying again is of no use: the address is wrong, or whoever was there has gone. */
export class FinalError extends Error {
  /** @param isGone the target does not exist any more */
  constructor(
    message: string,
    readonly isGone = false,
  ) {
    super(message)
  }
}

export type Send = (hook: Hook, delivery: Delivery, message: Message) => Promise<void>

/** Seconds that a push service keeps a message for a browser that is not there. */
const PUSH_TTL_S = 3600
const MAIL_TIMEOUT_MS = 20_000

export const subscriptionSchema = z.object({
  endpoint: z.url(),
  keys: z.object({ p256dh: z.string().min(1).max(200), auth: z.string().min(1).max(100) }),
})

const words = ({ status, text }: Answer): string =>
  `answered ${status}${text === '' ? '' : `: ${text.replace(/\s+/g, ' ').slice(0, 200)}`}`

const checkAnswer = (answer: Answer): void => {
  if (answer.status >= 200 && answer.status < 300) return
  if (answer.status === 410) throw new FinalError(words(answer), true)
  throw new Error(words(answer))
}

/** One line: what stands in a header must not begin another. */
const oneLine = (text: string): string => text.replace(/[\r\n\t]+/g, ' ').slice(0, 200)

/** How each kind of hook is told. */
export const createSenders = (options: SenderOptions): Record<HookKind, Send> => {
  const { smtpUrl, mailFrom, allowPrivate, vapid, now } = options
  const mailer =
    smtpUrl === undefined
      ? undefined
      : createTransport(smtpUrl, {
          from: mailFrom,
        })

  return {
    webhook: async (hook, delivery, message) => {
      const body = JSON.stringify({ id: String(delivery.id), ...message })
      checkAnswer(
        await guardedPost(hook.target, {
          body,
          allowPrivate,
          headers: {
            'Content-Type': 'application/json',
            'User-Agent': 'skyrill-cloud',
            [HOOK_HEADER]: hook.id,
            [SIGNATURE_HEADER]: signBody(hook.secret, body, now()),
          },
        }),
      )
    },

    email: async (hook, delivery, message) => {
      if (!mailer) throw new FinalError('no mail server is configured (SKYRILL_SMTP_URL)')
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error('no answer in time')), MAIL_TIMEOUT_MS)
      })
      const link = message.links ? `\n\n${message.links.page}` : ''
      const sent = mailer.sendMail({
        to: hook.target,
        subject: oneLine(message.text),
        text: `${message.text}\n${new Date(message.createdMs).toISOString()}${link}\n`,
        // told again after a kill it is the same mail
        messageId: `<${delivery.id}.${hook.id}@skyrill>`,
        disableFileAccess: true,
        disableUrlAccess: true,
      })
      await Promise.race([sent, late]).finally(() => clearTimeout(timer))
    },

    push: async (hook, _delivery, message) => {
      const subscription = subscriptionSchema.parse(JSON.parse(hook.target))
      const { device, event, topic, text, createdMs, links } = message
      const payload = JSON.stringify({ topic, text, createdMs, device, event, url: links?.page })
      const details = webpush.generateRequestDetails(subscription, payload, {
        vapidDetails: vapid,
        TTL: PUSH_TTL_S,
        contentEncoding: 'aes128gcm',
      })
      const headers = Object.fromEntries(
        Object.entries(details.headers).map(([name, value]) => [name, String(value)]),
      )
      const answer = await guardedPost(details.endpoint, {
        headers,
        body: details.body ?? '',
        allowPrivate,
      })
      // the browser has taken its subscription back (RFC 8030 section 7.3)
      if (answer.status === 404) throw new FinalError(words(answer), true)
      checkAnswer(answer)
    },
  }
}

export const newVapidKeys = (): { publicKey: string; privateKey: string } =>
  webpush.generateVAPIDKeys()
