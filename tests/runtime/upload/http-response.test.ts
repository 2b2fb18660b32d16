import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ResponseParser } from '../../../runtime/upload/http-response.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')

type Case = {
  name: string
  text: string
  method?: string
  state: string
  status?: number
  body?: string
  keepAlive?: boolean
  /** the server closes behind it */
  closes?: boolean
}

const CASES: Case[] = [
  {
    name: '204',
    text: 'HTTP/1.1 204 No Content\r\nUpload-Offset: 5\r\n\r\n',
    state: 'done',
    status: 204,
    body: '',
    keepAlive: true,
  },
  { name: 'no reason phrase', text: 'HTTP/1.1 204\r\n\r\n', state: 'done', status: 204 },
  {
    name: 'a body with its length',
    text: 'HTTP/1.1 400 Bad\r\nContent-Length: 5\r\n\r\nhello',
    state: 'done',
    status: 400,
    body: 'hello',
    keepAlive: true,
  },
  {
    name: 'an empty body',
    text: 'HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n',
    state: 'done',
    body: '',
  },
  {
    name: 'HEAD has a length and no body',
    method: 'HEAD',
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n',
    state: 'done',
    body: '',
  },
  {
    name: 'chunked',
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\na;x=y\r\n0123456789\r\n0\r\n\r\n',
    state: 'done',
    body: 'abc0123456789',
    keepAlive: true,
  },
  {
    name: 'chunked with a trailer',
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n',
    state: 'done',
    body: 'a',
  },
  {
    name: 'until the end',
    text: 'HTTP/1.1 200 OK\r\n\r\npage',
    state: 'done',
    body: 'page',
    keepAlive: false,
    closes: true,
  },
  {
    name: 'an interim response first',
    text: 'HTTP/1.1 100 Continue\r\nX: a\r\n\r\nHTTP/1.1 204 No\r\n\r\n',
    state: 'done',
    status: 204,
  },
  {
    name: 'Connection: close',
    text: 'HTTP/1.1 204 No\r\nConnection: close\r\n\r\n',
    state: 'done',
    keepAlive: false,
  },
  { name: 'HTTP/1.0', text: 'HTTP/1.0 204 No\r\n\r\n', state: 'done', keepAlive: false },
  {
    name: 'more than was asked for',
    text: 'HTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\n',
    state: 'done',
    status: 204,
    keepAlive: false,
  },
  { name: 'not HTTP', text: 'SSH-2.0-OpenSSH_9.2\r\n', state: 'bad' },
  { name: 'HTTP/2 preface', text: 'HTTP/2 200\r\n\r\n', state: 'bad' },
  { name: 'a field without a colon', text: 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n', state: 'bad' },
  { name: 'a folded field', text: 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n', state: 'bad' },
  {
    name: 'a length that is none',
    text: 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
    state: 'bad',
  },
  {
    name: 'length and chunked at once',
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n',
    state: 'bad',
  },
  {
    name: 'a chunk size that is none',
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
    state: 'bad',
  },
  { name: 'an endless head', text: `HTTP/1.1 200 OK\r\nA: ${'a'.repeat(20_000)}`, state: 'bad' },
  { name: 'an endless body', text: `HTTP/1.1 200 OK\r\n\r\n${'a'.repeat(70_000)}`, state: 'bad' },
  { name: 'cut in the head', text: 'HTTP/1.1 204 No\r\nA', state: 'bad', closes: true },
  {
    name: 'cut in the body',
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc',
    state: 'bad',
    closes: true,
  },
]

for (const { name, text, method = 'PATCH', closes, ...expected } of CASES)
  for (const step of [text.length, 1, 7])
    test(`${name}, ${step === text.length ? 'at once' : `${step} bytes at a time`}`, () => {
      const parser = new ResponseParser(method)
      for (
        let at = 0;
        at < text.length && parser.state !== 'done' && parser.state !== 'bad';
        at += step
      )
        parser.push(bytes(text.slice(at, at + step)))
      if (closes) parser.end()
      assert.equal(parser.state, expected.state)
      if (expected.status !== undefined) assert.equal(parser.status, expected.status)
      if (expected.body !== undefined)
        assert.equal(Buffer.from(parser.body).toString(), expected.body)
      // what follows is only seen when it comes in the same piece
      if (
        expected.keepAlive !== undefined &&
        (step === text.length || name !== 'more than was asked for')
      )
        assert.equal(parser.keepAlive, expected.keepAlive)
    })

test('names are compared without case, the last of a repeated field counts', () => {
  const parser = new ResponseParser('HEAD')
  parser.push(bytes('HTTP/1.1 200 OK\r\nUPLOAD-offset:  5 \r\nUpload-Offset: 7\r\n\r\n'))
  assert.equal(parser.headers.get('upload-offset'), '7')
})
