import { t } from '../i18n/index.ts'

/** Faults of hls.js that mean: this browser has no decoder for these pictures. */
const CODEC_DETAILS = ['bufferAddCodecError', 'manifestIncompatibleCodecsError']

export const isCodecFault = (details: string): boolean => CODEC_DETAILS.includes(details)

/** Why playback stopped, in words for people. */
export const explain = (details: string, status: number | undefined): string => {
  if (status === 401) return t('fault.session')
  if (status === 404) return t('fault.gone')
  if (status === 410) return t('shared.gone')
  if (details === 'keyLoadError') return t('owner-key.missing')
  return t('fault.playback', { details })
}
