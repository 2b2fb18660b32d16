import assert from 'node:assert/strict'
import { test } from 'node:test'
import { iv_err_code_e, meaningOf, nameOf } from '../../runtime/status.ts'
import { System } from '../../runtime/system.ts'
import { quiet } from '../support/test-camera.ts'

/** Names and values of the public header; the prefix is left out. */
const CODES: Record<string, number> = {
  NONE: 0,
  SYS_INIT_PRM_NULL: -100,
  SYS_INIT_CB_NULL: -101,
  SYS_INIT_PRM_RANGE: -102,
  SYS_DEVICE_INFORMATION: -103,
  SYS_DYNAMIC_REG_DEVIECE: -104,
  SYS_NOT_SUPPORT: -105,
  SYS_NTP_NOT_AVAILABLE: -106,
  SYS_FILE_OPT_FAIL: -107,
  SYS_MALLOC_FAIL: -108,
  SYS_COMMUNICATE_FAIL: -109,
  SYS_COMMUNICATE_TIMEOUT: -110,
  SYS_MAX_RETRY_COUNT: -111,
  CS_INIT_PRM_NULL: -600,
  CS_INIT_CB_NULL: -601,
  CS_INIT_PRM_RANGE: -602,
  CS_UPLOAD_AUTH_NOT_AVAILABLE: -603,
  CS_UPLOAD_OPEN_FILE_FAIL: -604,
  CS_PRM_NOT_AVAILABLE: -605,
  CS_PRM_MALLOC_FAIL: -606,
  CS_APPLY_NO_SERVICE: -607,
  CS_QUERY_SERVICE_TIMEOUT: -608,
  CS_EVENT_IS_VALID: -609,
  CS_INIT_REPEAT: -610,
  CS_NEED_IDR_FRAME: -611,
  CS_NO_BALANCE: -612,
  CS_HTTP_DATA_FAIL: -613,
  CLOUDAI_WRONG_PARA: -750,
  BUTT: -1000,
  DEVICE_OFFLINE: -1001,
}

for (const [name, code] of Object.entries(CODES))
  test(`IV_ERR_${name} is ${code}`, () => {
    assert.equal((iv_err_code_e as unknown as Record<string, number>)[`IV_ERR_${name}`], code)
    assert.equal(nameOf(code), `IV_ERR_${name}`)
    assert.doesNotMatch(meaningOf(code), /unknown/)
  })

test('there is no other code, and no two mean the same', () => {
  const codes = Object.values(iv_err_code_e).filter((code) => typeof code === 'number')
  assert.deepEqual(codes.sort(), Object.values(CODES).sort())
})

test('a code that is none', () => {
  assert.equal(nameOf(-5), '-5')
  assert.equal(meaningOf(-5), 'unknown code -5')
})

test('the system module: no parameters, and leaving what was not entered', async () => {
  const system = new System()
  system.log = quiet
  assert.equal(await system.init(null), iv_err_code_e.IV_ERR_SYS_INIT_PRM_NULL)
  assert.equal(await system.exit(), iv_err_code_e.IV_ERR_SYS_INIT_PRM_NULL)
})
