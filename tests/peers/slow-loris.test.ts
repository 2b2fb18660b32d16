import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { listen } from '../../cloud/server/listen.ts'

/** Sends a byte of what never ends every 200 ms; resolves when the server has closed the connection. */
const trickle = (port: number, beginning: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const timer = setInterval(() => socket.write('a'), 200)
    const giveUp = setTimeout(() => {
      socket.destroy()
      reject(new Error('the server still holds the connection'))
    }, 90_000)
    socket.write(beginning)
    socket.on('error', () => {})
    // what the server says before it closes has to be read, or the end does not come through
    socket.resume()
    socket.on('close', () => {
      clearInterval(timer)
      clearTimeout(giveUp)
      resolve()
    })
  })

test('a header or a body that trickles in does not hold a connection for good', async () => {
  const listener = await listen(
    async (request) => {
      await request.text().catch(() => '')
      return new Response('ok')
    },
    '127.0.0.1',
    0,
    { idleS: 2, headersS: 2, requestS: 2 },
  )
  try {
    await Promise.all([
      trickle(listener.port, 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: '),
      trickle(listener.port, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n'),
    ])
    const answer = await fetch(`http://127.0.0.1:${listener.port}/`)
    assert.equal(await answer.text(), 'ok', 'others are served meanwhile and after')
  } finally {
    await listener.close()
  }
})
