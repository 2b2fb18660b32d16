import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import {
  RegistrationError,
  type RegistrationOptions,
  registerDevice,
} from '../../runtime/registration.ts'
import { InputError, UsageError } from './usage-error.ts'

export type Registration = RegistrationOptions & { secretFile: string }

type Values = {
  cloud?: string | undefined
  http?: string | undefined
  'product-id'?: string | undefined
  'device-name'?: string | undefined
  'product-secret'?: string | undefined
  'secret-file'?: string | undefined
}

/** What the options say of a device that registers itself; undefined when it has a secret of its own. */
export const registrationOption = (
  values: Values,
  ca: string | undefined,
): Registration | undefined => {
  const productSecret = values['product-secret'] ?? process.env.SKYRILL_PRODUCT_SECRET
  const productId = values['product-id']
  const deviceName = values['device-name']
  if (!productSecret || !productId || !deviceName) return undefined
  const url = values.http ?? (/^https?:/.test(values.cloud ?? '') ? values.cloud : undefined)
  if (url === undefined)
    throw new UsageError('--http is required with --product-secret: the HTTP address of the cloud')
  const secretFile = values['secret-file'] ?? `${productId}-${deviceName}.secret`
  return { url, productId, deviceName, productSecret, secretFile, ...(ca !== undefined && { ca }) }
}

const stored = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8').trim() || undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new InputError(`--secret-file ${path}: ${(error as Error).message}`)
  }
}

/** The secret that the device was given when it registered; it registers when it was not. */
export const registeredSecret = async ({
  secretFile,
  ...options
}: Registration): Promise<string> => {
  const path = resolve(secretFile)
  const known = stored(path)
  if (known !== undefined) return known
  const secret = await registerDevice(options).catch((error) => {
    throw error instanceof RegistrationError
      ? new InputError(`the device was not registered: ${error.message}`)
      : error
  })
  // whole or not at all: half a secret would lock the device out for good
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.partial`, `${secret}\n`, { mode: 0o600 })
  renameSync(`${path}.partial`, path)
  return secret
}
