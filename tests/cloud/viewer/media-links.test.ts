import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSigned, MediaLinks } from '../../../cloud/viewer/playback/media-links.ts'

const MEDIA = '/media/P1/cam/0'
const OLD = '?e=1&m=old'
const NEW = '?e=2&s=share&m=new'
const playlist = (query: string): string =>
  [
    '#EXTM3U',
    `#EXT-X-MAP:URI="${MEDIA}/a.m4s${query}",BYTERANGE="800@0"`,
    '#EXTINF:1,',
    '#EXT-X-BYTERANGE:1000@800',
    `${MEDIA}/a.m4s${query}`,
    '',
  ].join('\n')

test('links of media are signed, playlists are not', () => {
  assert.equal(isSigned(`${MEDIA}/a.ts${OLD}`), true)
  assert.equal(isSigned('/api/devices/P1/cam/channels/0/playlist.m3u8?from=1&to=2'), false)
  assert.equal(isSigned(`${MEDIA}/a.ts`), false)
})

test('a new playlist serves the links of the old one', async () => {
  const links = new MediaLinks(async () => playlist(NEW))
  assert.equal(links.current(`${MEDIA}/a.m4s${OLD}`), `${MEDIA}/a.m4s${OLD}`)
  assert.equal(await links.renewed(`${MEDIA}/a.m4s${OLD}`), `${MEDIA}/a.m4s${NEW}`)
  assert.equal(links.current(`${MEDIA}/b.m4s${OLD}`), `${MEDIA}/b.m4s${NEW}`)
})

test('many links that expire together ask once', async () => {
  let asked = 0
  const links = new MediaLinks(async () => {
    asked++
    return playlist(NEW)
  })
  const olds = ['a', 'b', 'c'].map((name) => `${MEDIA}/${name}.ts${OLD}`)
  const news = await Promise.all(olds.map((url) => links.renewed(url)))
  assert.deepEqual(
    news,
    ['a', 'b', 'c'].map((name) => `${MEDIA}/${name}.ts${NEW}`),
  )
  assert.equal(asked, 1)
})

test('a link that is refused though it is the newest stays as it is', async () => {
  const links = new MediaLinks(async () => playlist(NEW))
  assert.equal(await links.renewed(`${MEDIA}/a.ts${NEW}`), `${MEDIA}/a.ts${NEW}`)
})

test('of a playlist that is encrypted the link of the key will do, of an empty one there is none', async () => {
  const key = `#EXT-X-KEY:METHOD=AES-128,URI="${MEDIA}/a.key${NEW}",IV=0x00`
  const keyed = new MediaLinks(async () => key)
  assert.equal(await keyed.renewed(`${MEDIA}/a.ts${OLD}`), `${MEDIA}/a.ts${NEW}`)
  const empty = new MediaLinks(async () => '#EXTM3U\n')
  assert.equal(await empty.renewed(`${MEDIA}/a.ts${OLD}`), `${MEDIA}/a.ts${OLD}`)
})

test('a playlist that cannot be fetched is asked for again by the next link', async () => {
  let isDown = true
  const links = new MediaLinks(async () => {
    if (isDown) throw new Error('down')
    return playlist(NEW)
  })
  await assert.rejects(links.renewed(`${MEDIA}/a.ts${OLD}`), /down/)
  isDown = false
  assert.equal(await links.renewed(`${MEDIA}/a.ts${OLD}`), `${MEDIA}/a.ts${NEW}`)
})
