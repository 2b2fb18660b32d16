import { t } from './i18n/index.ts'
import { openDialog } from './ui/dialog.ts'
import { h } from './ui/dom.ts'

/** Spec: docs/PROTOCOL.md section 8: slice keys are wrapped by RSA-OAEP with SHA-256. */
const ALGORITHM = { name: 'RSA-OAEP', hash: 'SHA-256' }

/** The owner's private key. It stays in this page, in a form that no script can read out, until the page is closed. */
let ownerKey: CryptoKey | undefined
let asking: Promise<CryptoKey> | undefined
const unwrapped = new Map<string, ArrayBuffer>()

/** Why a recording stays closed. */
export class OwnerKeyError extends Error {}

/** Takes the PEM of a private key (PKCS#8), as docs/RECOVERY.md has it made. */
export const importOwnerKey = async (pem: string): Promise<CryptoKey> => {
  const base64 = /-----BEGIN PRIVATE KEY-----([^-]+)-----END PRIVATE KEY-----/.exec(pem)?.[1]
  if (base64 === undefined) throw new OwnerKeyError(t('owner-key.no-pem'))
  // browsers give it to pages over https, and from the machine itself
  if (!globalThis.crypto?.subtle) throw new OwnerKeyError(t('owner-key.insecure'))
  const der = Uint8Array.from(atob(base64.replace(/\s/g, '')), (char) => char.charCodeAt(0))
  try {
    ownerKey = await crypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['decrypt'])
  } catch {
    throw new OwnerKeyError(t('owner-key.no-pem'))
  }
  return ownerKey
}

/** Asks for the file of the key; once, however many parts of a recording wait for it. */
const askOwnerKey = (): Promise<CryptoKey> => {
  asking ??= new Promise<CryptoKey>((resolve, reject) => {
    const fault = h('p', { class: 'form-fault', role: 'alert' })
    const file = h('input', {
      type: 'file',
      accept: '.pem,.key',
      'aria-label': t('owner-key.file'),
    })
    const dialog = openDialog(
      'owner-key',
      t('owner-key.title'),
      [h('p', {}, t('owner-key.about')), file, fault],
      () => reject(new OwnerKeyError(t('owner-key.missing'))),
    )
    file.addEventListener('change', async () => {
      const given = file.files?.[0]
      if (!given) return
      try {
        resolve(await importOwnerKey(await given.text()))
        dialog.close()
      } catch (error) {
        fault.textContent = (error as Error).message
      }
    })
  }).finally(() => {
    asking = undefined
  })
  return asking
}

/** The key of a slice, opened with the owner's. `name` tells slices apart. */
const unwrapKey = async (name: string, wrapped: ArrayBuffer): Promise<ArrayBuffer> => {
  const known = unwrapped.get(name)
  if (known) return known
  const owner = ownerKey ?? (await askOwnerKey())
  try {
    const key = await crypto.subtle.decrypt({ name: ALGORITHM.name }, owner, wrapped)
    unwrapped.set(name, key)
    return key
  } catch {
    // not the key of this camera: the next recording may ask for another
    ownerKey = undefined
    throw new OwnerKeyError(t('owner-key.wrong'))
  }
}

/** Whether a URL is that of a key that only the owner can open. */
export const isWrappedKey = (url: string): boolean => /\.wrapped-key(\?|$)/.test(url)

/** Key of an encrypted recording as the server gives it, opened when it is wrapped. */
export const openKey = (url: string, data: ArrayBuffer): Promise<ArrayBuffer> =>
  isWrappedKey(url) ? unwrapKey(url.replace(/\?.*/, ''), data) : Promise.resolve(data)
