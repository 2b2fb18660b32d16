import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkInfo, eventIdFault } from '../../../runtime/event/info.ts'

const INFOS: readonly [name: string, info: unknown, fault?: RegExp][] = [
  ['none', null],
  ['absent', undefined],
  ['empty', ''],
  ['as a camera sends it', 'et=32;'],
  [
    'every printable character',
    Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).join(''),
  ],
  ['127 characters', 'x'.repeat(127)],
  ['128 characters', 'x'.repeat(128), /at most 127 characters, not 128/],
  ['a line feed', 'a\nb', /character 1 is U\+000a/],
  ['a terminator', 'a\0', /U\+0000/],
  ['not ASCII', 'é', /U\+00e9/],
  ['delete', '\x7f', /U\+007f/],
  ['not a string', 7, /must be a string, not number/],
]

for (const [name, info, fault] of INFOS)
  test(`info: ${name}`, () => {
    const checked = checkInfo(info)
    if (fault) assert.match('fault' in checked ? checked.fault : '', fault)
    else assert.deepEqual(checked, { info: info ?? '' })
  })

for (const id of [1, 2, 31, 32])
  test(`event id ${id}`, () => assert.equal(eventIdFault(id), undefined))
for (const id of [0, 33, -1, 1.5, Number.NaN, '1', null, undefined])
  test(`event id ${String(id)} (${typeof id}) is refused`, () =>
    assert.match(eventIdFault(id) ?? '', /event_id must be 1 to 32/))
