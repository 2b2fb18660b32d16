/** The codes that functions of the device API return, and what each means. Every block of 100 belongs to one module of the specification. */
export enum iv_err_code_e {
  IV_ERR_NONE = 0,

  IV_ERR_SYS_INIT_PRM_NULL = -100,
  IV_ERR_SYS_INIT_CB_NULL = -101,
  IV_ERR_SYS_INIT_PRM_RANGE = -102,
  IV_ERR_SYS_DEVICE_INFORMATION = -103,
  /** spelled so in the specification */
  IV_ERR_SYS_DYNAMIC_REG_DEVIECE = -104,
  IV_ERR_SYS_NOT_SUPPORT = -105,
  IV_ERR_SYS_NTP_NOT_AVAILABLE = -106,
  IV_ERR_SYS_FILE_OPT_FAIL = -107,
  IV_ERR_SYS_MALLOC_FAIL = -108,
  IV_ERR_SYS_COMMUNICATE_FAIL = -109,
  IV_ERR_SYS_COMMUNICATE_TIMEOUT = -110,
  IV_ERR_SYS_MAX_RETRY_COUNT = -111,

  IV_ERR_CS_INIT_PRM_NULL = -600,
  IV_ERR_CS_INIT_CB_NULL = -601,
  IV_ERR_CS_INIT_PRM_RANGE = -602,
  IV_ERR_CS_UPLOAD_AUTH_NOT_AVAILABLE = -603,
  IV_ERR_CS_UPLOAD_OPEN_FILE_FAIL = -604,
  IV_ERR_CS_PRM_NOT_AVAILABLE = -605,
  IV_ERR_CS_PRM_MALLOC_FAIL = -606,
  IV_ERR_CS_APPLY_NO_SERVICE = -607,
  IV_ERR_CS_QUERY_SERVICE_TIMEOUT = -608,
  /** means the opposite of its name: the event is not valid */
  IV_ERR_CS_EVENT_IS_VALID = -609,
  IV_ERR_CS_INIT_REPEAT = -610,
  IV_ERR_CS_NEED_IDR_FRAME = -611,
  IV_ERR_CS_NO_BALANCE = -612,
  IV_ERR_CS_HTTP_DATA_FAIL = -613,

  IV_ERR_CLOUDAI_WRONG_PARA = -750,
  IV_ERR_BUTT = -1000,
  IV_ERR_DEVICE_OFFLINE = -1001,
}

const MEANINGS: Record<iv_err_code_e, string> = {
  [iv_err_code_e.IV_ERR_NONE]: 'success',
  [iv_err_code_e.IV_ERR_SYS_INIT_PRM_NULL]: 'sysInit: no parameters given',
  [iv_err_code_e.IV_ERR_SYS_INIT_CB_NULL]: 'sysInit: a required callback is missing',
  [iv_err_code_e.IV_ERR_SYS_INIT_PRM_RANGE]: 'sysInit: a parameter is out of range',
  [iv_err_code_e.IV_ERR_SYS_DEVICE_INFORMATION]: 'the device identity cannot be used',
  [iv_err_code_e.IV_ERR_SYS_DYNAMIC_REG_DEVIECE]: 'dynamic registration failed',
  [iv_err_code_e.IV_ERR_SYS_NOT_SUPPORT]: 'not supported',
  [iv_err_code_e.IV_ERR_SYS_NTP_NOT_AVAILABLE]: 'network time is not available',
  [iv_err_code_e.IV_ERR_SYS_FILE_OPT_FAIL]: 'a file operation failed',
  [iv_err_code_e.IV_ERR_SYS_MALLOC_FAIL]: 'out of memory',
  [iv_err_code_e.IV_ERR_SYS_COMMUNICATE_FAIL]: 'communication with the server failed',
  [iv_err_code_e.IV_ERR_SYS_COMMUNICATE_TIMEOUT]: 'the server did not answer in time',
  [iv_err_code_e.IV_ERR_SYS_MAX_RETRY_COUNT]: 'retries used up',
  [iv_err_code_e.IV_ERR_CS_INIT_PRM_NULL]: 'no parameters given',
  [iv_err_code_e.IV_ERR_CS_INIT_CB_NULL]: 'a required callback is missing',
  [iv_err_code_e.IV_ERR_CS_INIT_PRM_RANGE]: 'a parameter is out of range',
  [iv_err_code_e.IV_ERR_CS_UPLOAD_AUTH_NOT_AVAILABLE]: 'no upload credentials yet',
  [iv_err_code_e.IV_ERR_CS_UPLOAD_OPEN_FILE_FAIL]: 'a recorded file cannot be opened',
  [iv_err_code_e.IV_ERR_CS_PRM_NOT_AVAILABLE]: 'not initialised',
  [iv_err_code_e.IV_ERR_CS_PRM_MALLOC_FAIL]: 'out of memory',
  [iv_err_code_e.IV_ERR_CS_APPLY_NO_SERVICE]: 'no plan that permits this, or recording was stopped',
  [iv_err_code_e.IV_ERR_CS_QUERY_SERVICE_TIMEOUT]: 'the plan could not be asked for in time',
  [iv_err_code_e.IV_ERR_CS_EVENT_IS_VALID]: 'the event is not valid',
  [iv_err_code_e.IV_ERR_CS_INIT_REPEAT]: 'initialised already; exit first',
  [iv_err_code_e.IV_ERR_CS_NEED_IDR_FRAME]: 'the next video frame must be an IDR',
  [iv_err_code_e.IV_ERR_CS_NO_BALANCE]: 'no balance',
  [iv_err_code_e.IV_ERR_CS_HTTP_DATA_FAIL]: 'the uplink does not keep up and the buffer is full',
  [iv_err_code_e.IV_ERR_CLOUDAI_WRONG_PARA]: 'cloud AI: wrong parameter',
  [iv_err_code_e.IV_ERR_BUTT]: 'end marker',
  [iv_err_code_e.IV_ERR_DEVICE_OFFLINE]: 'the device is offline',
}

/** Text of a code, for messages. */
export const meaningOf = (code: number): string =>
  MEANINGS[code as iv_err_code_e] ?? `unknown code ${code}`

/** Name of a code, such as `IV_ERR_CS_NEED_IDR_FRAME`. */
export const nameOf = (code: number): string => iv_err_code_e[code] ?? String(code)
