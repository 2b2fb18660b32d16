import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  METRICS_ADDRESS,
  metricsAddress,
  serveMetrics,
} from '../../../tools/camera/metrics-server.ts'
import { withDefault } from '../../../tools/cli/options.ts'
import { UsageError } from '../../../tools/cli/usage-error.ts'

const ADDRESSES: readonly [text: string, host: string, port: number][] = [
  [METRICS_ADDRESS, '127.0.0.1', 9464],
  ['0.0.0.0:80', '0.0.0.0', 80],
  [':9100', '127.0.0.1', 9100],
  ['[::1]:9100', '::1', 9100],
  ['camera.local:1', 'camera.local', 1],
]
for (const [text, host, port] of ADDRESSES)
  test(`--metrics ${text}`, () => assert.deepEqual(metricsAddress(text), { host, port }))

for (const text of ['', '9464', 'host', 'host:', 'host:70000', '::1:9464', 'a/b:1'])
  test(`--metrics ${JSON.stringify(text)} is refused`, () =>
    assert.throws(() => metricsAddress(text), UsageError))

test('an option that needs no value', () => {
  const cases: [string[], string[]][] = [
    [['--metrics'], ['--metrics=x']],
    [
      ['--metrics', '--input', 'a'],
      ['--metrics=x', '--input', 'a'],
    ],
    [
      ['--metrics', 'b', '--input', 'a'],
      ['--metrics', 'b', '--input', 'a'],
    ],
    [['--metrics=c'], ['--metrics=c']],
    [
      ['--input', 'a'],
      ['--input', 'a'],
    ],
  ]
  for (const [args, expected] of cases)
    assert.deepEqual(withDefault(args, 'metrics', 'x'), expected)
})

test('GET /metrics gives the text of the moment; nothing else is there', async () => {
  let turn = 0
  const server = await serveMetrics({ host: '127.0.0.1', port: 0 }, () => `# ${++turn}\n# EOF\n`)
  try {
    for (const expected of ['# 1\n# EOF\n', '# 2\n# EOF\n']) {
      const response = await fetch(server.url)
      assert.equal(response.status, 200)
      assert.match(
        response.headers.get('content-type')!,
        /^application\/openmetrics-text; version=1/,
      )
      assert.equal(await response.text(), expected)
    }
    assert.equal((await fetch(new URL('/', server.url))).status, 404)
    assert.equal((await fetch(server.url, { method: 'POST' })).status, 405)
  } finally {
    server.close()
  }
})
