import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportDirectly } from '../../../runtime/event/direct-report.ts'
import type { PictureOutcome } from '../../../runtime/event/picture.ts'
import { iv_err_code_e } from '../../../runtime/status.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const PARAMS = {
  channel: 0,
  key: '0123456789abcdef-00000001',
  eventId: 32,
  info: '',
  atMs: 1,
  ai: 0,
}
const GRANT = { url: 'http://127.0.0.1/p', token: 't', expiresAtMs: 0 }
const JPEG = new Uint8Array([0xff, 0xd8, 0xff])

const CASES: readonly [
  name: string,
  answer: number | undefined,
  online: boolean,
  picture: Uint8Array | undefined,
  outcomes: readonly PictureOutcome[],
  code: iv_err_code_e,
  puts: number,
][] = [
  ['no picture', 0, true, undefined, [], iv_err_code_e.IV_ERR_NONE, 0],
  ['picture', 0, true, JPEG, ['ok'], iv_err_code_e.IV_ERR_NONE, 1],
  [
    'picture at the third attempt',
    0,
    true,
    JPEG,
    ['retry', 'retry', 'ok'],
    iv_err_code_e.IV_ERR_NONE,
    3,
  ],
  ['picture refused', 0, true, JPEG, ['reject'], iv_err_code_e.IV_ERR_CS_HTTP_DATA_FAIL, 1],
  ['token refused', 0, true, JPEG, ['token'], iv_err_code_e.IV_ERR_CS_HTTP_DATA_FAIL, 1],
  ['event refused', 400, true, JPEG, [], iv_err_code_e.IV_ERR_SYS_COMMUNICATE_FAIL, 0],
  ['no answer', undefined, true, JPEG, [], iv_err_code_e.IV_ERR_SYS_COMMUNICATE_TIMEOUT, 0],
  ['offline', undefined, false, JPEG, [], iv_err_code_e.IV_ERR_DEVICE_OFFLINE, 0],
]

for (const [name, answer, online, picture, outcomes, code, puts] of CASES)
  test(name, async () => {
    const clock = new FakeClock()
    let count = 0
    const report = reportDirectly(
      {
        clock,
        random: () => 0.5,
        times: () => ({ sendMs: 6000, replyMs: 5000 }),
        isOnline: () => online,
        cloud: {
          report: (_, timeoutMs) =>
            new Promise((resolve) => {
              if (answer !== undefined)
                resolve({ code: answer, status: 'x', data: { picture: GRANT } })
              else clock.after(timeoutMs, () => resolve(undefined))
            }),
        },
        putPicture: () => ({
          done: Promise.resolve({ outcome: outcomes[count++]!, message: '' }),
          cancel() {},
        }),
      },
      PARAMS,
      picture,
    )
    await clock.advance(11_000)
    assert.equal((await report).code, code)
    assert.equal(count, puts)
    assert.equal(clock.timers, 0)
  })

test('a picture that never gets through: the upload time-out ends it', async () => {
  const clock = new FakeClock()
  const codes: number[] = []
  void reportDirectly(
    {
      clock,
      random: () => 0.5,
      times: () => ({ sendMs: 6000, replyMs: 5000 }),
      isOnline: () => true,
      cloud: {
        report: () => Promise.resolve({ code: 0, status: '', data: { picture: GRANT } }),
      },
      putPicture: () => {
        let cancel = (): void => {}
        const done = new Promise<{ outcome: PictureOutcome; message: string }>((resolve) => {
          cancel = () => resolve({ outcome: 'retry', message: 'cut' })
        })
        return { done, cancel }
      },
    },
    PARAMS,
    JPEG,
  ).then(({ code }) => codes.push(code))
  await clock.advance(5999)
  assert.deepEqual(codes, [])
  await clock.advance(1)
  assert.deepEqual(codes, [iv_err_code_e.IV_ERR_CS_HTTP_DATA_FAIL])
})
