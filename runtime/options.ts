import { z } from 'zod'
import { type Checked, type Fault, faultsOf, got, refuse } from './faults.ts'
import { CHANNEL_MAX } from './mqtt/messages.ts'
import type { DropPolicy } from './spool/drop-policy.ts'
import {
  type CheckedSpool,
  defaultDropPolicy,
  dropPolicySchema,
  spoolSchema,
} from './spool/options.ts'
import { iv_err_code_e } from './status.ts'
import {
  iv_cm_aac_type_e,
  iv_cm_aenc_bit_width_e,
  iv_cm_aenc_mode_e,
  iv_cm_aenc_sample_rate_e,
  iv_cm_aenc_type_e,
  iv_cm_venc_type_e,
  iv_cs_event_report_opt_e,
  iv_cs_format_e,
  type iv_cs_init_func_cb_s,
  type iv_cs_init_parm_s,
} from './types.ts'

/** u32MaxGopSize comes in steps of this many bytes. */
export const GOP_SIZE_UNIT = 4096
/** Keeps a typing error (KiB for bytes, a stray zero) from being taken as a request for gigabytes. */
export const GOP_SIZE_MAX = 64 * 1024 * 1024
/** A capture queue is whole pages of wasm memory. */
export const CAPTURE_QUEUE_UNIT = 64 * 1024
export const CAPTURE_QUEUE_MAX = 32 * 1024 * 1024
/** A recording format takes 1024 samples per channel and packet (specification, pushCsStream). */
export const SAMPLES_PER_CHANNEL = 1024

const count = (max: number, unit: string) =>
  z
    .int(refuse(`must be a whole number of ${unit}`))
    .min(0, refuse(`must be 0 to ${max} ${unit}`))
    .max(max, refuse(`must be 0 to ${max} ${unit}`))

/** A member of an enum other than its end marker. */
const member = <Values extends Record<string, string | number>>(values: Values) => {
  const names = Object.entries(values).filter(
    ([name, value]) => typeof value === 'number' && !name.endsWith('_BUTT'),
  )
  const numbers = names.map(([, value]) => value as number)
  return z.custom<Values[keyof Values]>(
    (input) => numbers.includes(input as number),
    refuse(`must be one of ${names.map(([name, value]) => `${name} (${value})`).join(', ')}`),
  )
}

const gopSizeSchema = z
  .int(refuse('must be a whole number of bytes'))
  .min(GOP_SIZE_UNIT, refuse(`must be at least ${GOP_SIZE_UNIT} bytes`))
  .max(GOP_SIZE_MAX, refuse(`must be at most ${GOP_SIZE_MAX} bytes`))
  .multipleOf(GOP_SIZE_UNIT, refuse(`must be a multiple of ${GOP_SIZE_UNIT} bytes`))

const captureBytesSchema = count(CAPTURE_QUEUE_MAX, 'bytes').multipleOf(
  CAPTURE_QUEUE_UNIT,
  refuse(`must be a multiple of ${CAPTURE_QUEUE_UNIT} bytes`),
)

const congestionSchema = z.object({
  low_mark: count(GOP_SIZE_MAX, 'bytes'),
  warn_mark: count(GOP_SIZE_MAX, 'bytes'),
  high_mark: count(GOP_SIZE_MAX, 'bytes'),
  enable: count(1, '(0 off, 1 on)'),
})

const SUPPORTED_AUDIO: readonly number[] = [
  iv_cm_aenc_type_e.IV_CM_AENC_TYPE_PCM,
  iv_cm_aenc_type_e.IV_CM_AENC_TYPE_G711A,
  iv_cm_aenc_type_e.IV_CM_AENC_TYPE_G711U,
  iv_cm_aenc_type_e.IV_CM_AENC_TYPE_AAC,
]

const formatSchema = z
  .object({
    eAudioType: member(iv_cm_aenc_type_e).refine(
      (type) => SUPPORTED_AUDIO.includes(type as number),
      refuse('must be PCM (0), G711A (1), G711U (2) or AAC (4); the others are not supported'),
    ),
    u32AudioCodecOption: member(iv_cm_aac_type_e).optional(),
    eAudioMode: member(iv_cm_aenc_mode_e).optional(),
    eAudioBitWidth: member(iv_cm_aenc_bit_width_e).optional(),
    eAudioSampleRate: member(iv_cm_aenc_sample_rate_e).optional(),
    u32SampleNumPerFrame: count(2 * SAMPLES_PER_CHANNEL, 'samples').optional(),
    eVideoType: member(iv_cm_venc_type_e).refine(
      (type) => type !== iv_cm_venc_type_e.IV_CM_VENC_TYPE_MJPG,
      refuse('must be H264 (0) or H265 (1); MJPG is not supported'),
    ),
    u32VideoWidth: count(16_384, 'pixels').optional(),
    u32VideoHeight: count(16_384, 'pixels').optional(),
    u32Framerate: count(240, 'pictures per second').optional(),
  })
  .check(({ value: format, issues }) => {
    if (format.eAudioType === iv_cm_aenc_type_e.IV_CM_AENC_TYPE_AAC) return
    const fault = (field: string, message: string, input: unknown) =>
      issues.push({ code: 'custom', path: [field], message: got(message, input), input })
    const channels = (format.eAudioMode ?? 0) + 1
    const samples = SAMPLES_PER_CHANNEL * channels
    if (format.eAudioSampleRate === undefined)
      fault('eAudioSampleRate', 'must be given for G.711 and PCM', undefined)
    if (format.u32SampleNumPerFrame !== undefined && format.u32SampleNumPerFrame !== samples)
      fault(
        'u32SampleNumPerFrame',
        `must be ${samples} for ${channels} channel${channels > 1 ? 's' : ''}`,
        format.u32SampleNumPerFrame,
      )
    if (
      format.eAudioType === iv_cm_aenc_type_e.IV_CM_AENC_TYPE_PCM &&
      format.eAudioBitWidth !== undefined &&
      format.eAudioBitWidth !== iv_cm_aenc_bit_width_e.IV_CM_AENC_BIT_WIDTH_16
    )
      fault('eAudioBitWidth', 'must be BIT_WIDTH_16 (1) for PCM', format.eAudioBitWidth)
  })

const channelParamsSchema = z
  .object({
    channel_id: count(CHANNEL_MAX, '(a channel)'),
    u32MaxGopSize: gopSizeSchema,
    congestion_cfg: congestionSchema.optional(),
    av_fmt: formatSchema,
    cs_fmt: member(iv_cs_format_e),
    event_report_opt: member(iv_cs_event_report_opt_e).optional(),
    capture_queue_bytes: captureBytesSchema.optional(),
  })
  .check(({ value: params, issues }) => {
    const marks = params.congestion_cfg
    if (!marks || marks.enable === 0) return
    const ordered =
      marks.low_mark < marks.warn_mark &&
      marks.warn_mark < marks.high_mark &&
      marks.high_mark <= params.u32MaxGopSize
    if (!ordered)
      issues.push({
        code: 'custom',
        path: ['congestion_cfg'],
        message: `marks must ascend and be at most u32MaxGopSize (${params.u32MaxGopSize} bytes), not ${marks.low_mark}, ${marks.warn_mark}, ${marks.high_mark}`,
        input: marks,
      })
  })

const initSchema = z
  .object({
    channel_num: z
      .int(refuse('must be a whole number of channels'))
      .min(1, refuse('must be at least 1 channel'))
      .max(CHANNEL_MAX, refuse(`must be at most ${CHANNEL_MAX} channels`)),
    ch_params: z.array(channelParamsSchema, refuse('must be an array of channels')),
    spool: spoolSchema.optional(),
    drop_policy: dropPolicySchema.optional(),
  })
  .check(({ value: init, issues }) => {
    const ids = init.ch_params.map((params) => params.channel_id)
    let message: string | undefined
    if (ids.length !== init.channel_num)
      message = `must have channel_num (${init.channel_num}) entries, not ${ids.length}`
    else if (new Set(ids).size !== ids.length)
      message = `channel_id must differ between channels, not ${ids.join(', ')}`
    else if (ids.length > 1 && ids.includes(0))
      message = 'channel_id 0 is for a device with one channel; several are numbered from 1'
    if (message !== undefined)
      issues.push({ code: 'custom', path: ['ch_params'], message, input: init.ch_params })
  })

export type ChannelOptions = z.infer<typeof channelParamsSchema>

const CALLBACK_NAMES = [
  'onStartPushStream',
  'onStopPushStream',
  'onAiServiceNotify',
  'onEventCapturePicture',
  'onEventPictureResult',
  'onEventReportResult',
  'onEventLateResult',
  'onNotify',
  'onGetBalance',
  'onDumpFile',
] as const
const REQUIRED_CALLBACKS: readonly string[] = ['onStartPushStream', 'onStopPushStream']

export type InitOptions = {
  channels: ChannelOptions[]
  callbacks: iv_cs_init_func_cb_s
  spool: CheckedSpool | undefined
  dropPolicy: DropPolicy
}

/** Checks and copies what initCs is given; the caller may reuse or change its own afterwards. */
export const checkInit = (
  parameters: iv_cs_init_parm_s | null | undefined,
): Checked<InitOptions> => {
  if (parameters === null || typeof parameters !== 'object')
    return {
      faults: [
        {
          code: iv_err_code_e.IV_ERR_CS_INIT_PRM_NULL,
          message: 'initCs needs an iv_cs_init_parm_s',
        },
      ],
    }
  const given = (parameters.func_cb ?? {}) as Record<string, unknown>
  const faults: Fault[] = []
  for (const name of CALLBACK_NAMES) {
    const value = given[name]
    if (value === undefined || value === null) {
      if (REQUIRED_CALLBACKS.includes(name))
        faults.push({
          code: iv_err_code_e.IV_ERR_CS_INIT_CB_NULL,
          message: `func_cb.${name} is required`,
        })
    } else if (typeof value !== 'function')
      faults.push({
        code: iv_err_code_e.IV_ERR_CS_INIT_PRM_RANGE,
        message: `func_cb.${name} must be a function, not ${typeof value}`,
      })
  }
  const checked = initSchema.safeParse(parameters)
  if (!checked.success)
    faults.push(...faultsOf(checked.error, iv_err_code_e.IV_ERR_CS_INIT_PRM_RANGE))
  if (faults.length > 0 || !checked.success) return { faults }
  const { ch_params: channels, spool, drop_policy } = checked.data
  const dropPolicy = drop_policy ?? defaultDropPolicy(spool !== undefined)
  return { value: { channels, callbacks: { ...parameters.func_cb }, spool, dropPolicy } }
}
