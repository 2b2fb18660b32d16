import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needTestWasm, TestCore } from '../wasm.ts'

// assembly/h264/slice-header.ts, in order
const FIELDS = [
  'nalType',
  'nalRefIdc',
  'firstMb',
  'sliceType',
  'ppsId',
  'frameNum',
  'fieldPic',
  'bottomField',
  'idrPicId',
  'picOrderCntLsb',
  'deltaBottom',
  'delta0',
  'delta1',
] as const
type Header = Record<(typeof FIELDS)[number], number>

const base: Header = {
  nalType: 1,
  nalRefIdc: 2,
  firstMb: 0,
  sliceType: 0,
  ppsId: 0,
  frameNum: 3,
  fieldPic: 0,
  bottomField: 0,
  idrPicId: 0,
  picOrderCntLsb: 6,
  deltaBottom: 0,
  delta0: 0,
  delta1: 0,
}

// Spec: H.264 7.4.1.2.4
const cases: [name: string, change: Partial<Header>, begins: boolean][] = [
  ['nothing differs', {}, false],
  ['first_mb_in_slice (arbitrary slice order)', { firstMb: 40 }, false],
  ['slice_type', { sliceType: 2 }, false],
  ['nal_ref_idc, both not 0', { nalRefIdc: 1 }, false],
  ['nal_ref_idc, one 0', { nalRefIdc: 0 }, true],
  ['frame_num', { frameNum: 4 }, true],
  ['pic_parameter_set_id', { ppsId: 1 }, true],
  ['field_pic_flag', { fieldPic: 1 }, true],
  ['bottom_field_flag', { bottomField: 1 }, true],
  ['IDR or not', { nalType: 5 }, true],
  ['idr_pic_id', { idrPicId: 1 }, true],
  ['pic_order_cnt_lsb', { picOrderCntLsb: 8 }, true],
  ['delta_pic_order_cnt_bottom', { deltaBottom: 1 }, true],
  ['delta_pic_order_cnt[0]', { delta0: -1 }, true],
  ['delta_pic_order_cnt[1]', { delta1: 1 }, true],
]

for (const [name, change, begins] of cases)
  test(`picture boundary: ${name}`, { skip: needTestWasm }, () => {
    const core = TestCore.open()
    const put = (header: Header, offset: number) => {
      FIELDS.forEach((field, index) => {
        core.view.setInt32(core.at + offset + 4 * index, header[field], true)
      })
      return core.at + offset
    }
    assert.equal(
      core.x.h264_begins_picture(put(base, 0), put({ ...base, ...change }, 64)),
      begins ? 1 : 0,
    )
  })
