import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Backfill } from '../../../runtime/spool/backfill.ts'
import { iv_err_code_e } from '../../../runtime/status.ts'
import { iv_cs_up_bk_state_e } from '../../../runtime/types.ts'
import {
  CredentialStore,
  type Credentials,
  type Denied,
} from '../../../runtime/upload/credentials.ts'
import { Scheduler } from '../../../runtime/upload/scheduler.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const NAME = '0123456789abcdef-00000001'

const CASES: readonly [Denied['denied'], iv_err_code_e][] = [
  ['offline', iv_err_code_e.IV_ERR_CS_UPLOAD_AUTH_NOT_AVAILABLE],
  ['refused', iv_err_code_e.IV_ERR_CS_UPLOAD_AUTH_NOT_AVAILABLE],
  ['plan', iv_err_code_e.IV_ERR_CS_APPLY_NO_SERVICE],
]

for (const [denied, code] of CASES)
  test(`no leave to upload (${denied}): ${iv_err_code_e[code]}`, async () => {
    const clock = new FakeClock()
    const random = () => 0.5
    const source = () => Promise.resolve({ denied, message: 'because' })
    const backfill = new Backfill({
      clock,
      random,
      credentials: new CredentialStore<Credentials>(0, source, clock, random),
      scheduler: new Scheduler(clock),
      times: () => ({ sendMs: 6000, replyMs: 5000 }),
      find: () => ({ start: { id: NAME }, pieces: [], end: {}, bytes: 10 }) as never,
      state: () => 'broken',
    })
    const verdict = await backfill.step(iv_cs_up_bk_state_e.CS_UP_BK_START, NAME, null)
    assert.deepEqual(verdict, { code, message: 'because' })
    backfill.close()
  })
