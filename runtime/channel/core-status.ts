import * as abi from '../../core-wasm/index.ts'
import { iv_err_code_e } from '../status.ts'

/**
 * Codes of the device API by status of the core. Everything that the core refuses because of what it was given is IV_ERR_CS_INIT_PRM_RANGE
 * ("any input parameter", says the specification's table); what follows are the others.
 */
const ERRORS: ReadonlyMap<number, iv_err_code_e> = new Map([
  [abi.PICTURE_NEED_IDR, iv_err_code_e.IV_ERR_CS_NEED_IDR_FRAME],
  // an IDR brings its parameter sets (specification, pushCsStream): what mends both is the next one
  [abi.PICTURE_NO_PARAMETER_SETS, iv_err_code_e.IV_ERR_CS_NEED_IDR_FRAME],
  [abi.RING_FULL, iv_err_code_e.IV_ERR_CS_HTTP_DATA_FAIL],
  [abi.RING_TABLE_FULL, iv_err_code_e.IV_ERR_CS_HTTP_DATA_FAIL],
  [abi.RING_TOO_SMALL, iv_err_code_e.IV_ERR_CS_PRM_MALLOC_FAIL],
  [abi.CONFIG_MEMORY, iv_err_code_e.IV_ERR_CS_PRM_MALLOC_FAIL],
  [abi.CONFIG_NOT_OPEN, iv_err_code_e.IV_ERR_CS_PRM_NOT_AVAILABLE],
  [abi.CONFIG_ALREADY_OPEN, iv_err_code_e.IV_ERR_CS_INIT_REPEAT],
])

/** Code that a function returns for a status of the core; notices are success. */
export const errorOfStatus = (status: number): iv_err_code_e =>
  status >= 0
    ? iv_err_code_e.IV_ERR_NONE
    : (ERRORS.get(status) ?? iv_err_code_e.IV_ERR_CS_INIT_PRM_RANGE)
