import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AiTypes, isAiType } from '../../../runtime/event/ai-types.ts'
import { iv_cs_ai_type_e } from '../../../runtime/types.ts'

const { CS_AI_TYPE_CLOSE, CS_AI_TYPE_FALL_DETECT } = iv_cs_ai_type_e

test('get returns what was set, for that channel and event only; CLOSE clears it', () => {
  const types = new AiTypes()
  assert.equal(types.get(0, 5), CS_AI_TYPE_CLOSE)
  types.set(0, 5, CS_AI_TYPE_FALL_DETECT)
  assert.equal(types.get(0, 5), CS_AI_TYPE_FALL_DETECT)
  assert.equal(types.get(1, 5), CS_AI_TYPE_CLOSE)
  assert.equal(types.get(0, 6), CS_AI_TYPE_CLOSE)
  types.set(0, 5, CS_AI_TYPE_CLOSE)
  assert.equal(types.get(0, 5), CS_AI_TYPE_CLOSE)
})

for (const type of [2, 3, -1, 0.5, Number.NaN, '1', null, undefined])
  test(`type ${String(type)} (${typeof type}) is none`, () => assert.equal(isAiType(type), false))
