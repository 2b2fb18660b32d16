import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isComplete, VideoProgress } from '../../../runtime/event/rules.ts'
import { iv_cs_event_report_opt_e } from '../../../runtime/types.ts'

const { CS_EVENT_VIDEO_REQ, CS_EVENT_PIC_REQ, CS_EVENT_VIDEO_OR_PIC_REQ } = iv_cs_event_report_opt_e

const RULES: readonly [iv_cs_event_report_opt_e, video: boolean, picture: boolean, boolean][] = [
  [CS_EVENT_VIDEO_REQ, false, false, false],
  [CS_EVENT_VIDEO_REQ, false, true, false],
  [CS_EVENT_VIDEO_REQ, true, false, true],
  [CS_EVENT_VIDEO_REQ, true, true, true],
  [CS_EVENT_PIC_REQ, false, false, false],
  [CS_EVENT_PIC_REQ, false, true, true],
  [CS_EVENT_PIC_REQ, true, false, false],
  [CS_EVENT_PIC_REQ, true, true, true],
  [CS_EVENT_VIDEO_OR_PIC_REQ, false, false, false],
  [CS_EVENT_VIDEO_OR_PIC_REQ, false, true, true],
  [CS_EVENT_VIDEO_OR_PIC_REQ, true, false, true],
  [CS_EVENT_VIDEO_OR_PIC_REQ, true, true, true],
]
for (const [rule, video, picture, complete] of RULES)
  test(`${iv_cs_event_report_opt_e[rule]}: video ${video}, picture ${picture}`, () =>
    assert.equal(isComplete(rule, video, picture), complete))

type Step = readonly ['ack', from: number, to: number] | readonly ['end', at: number]
const PROGRESS: readonly [
  name: string,
  start: number,
  hasEarlier: boolean,
  steps: readonly Step[],
  expected: readonly [isSettled: boolean, counts: boolean, extent: string],
][] = [
  ['running', 100, false, [['ack', 100, 200]], [false, false, 'part']],
  [
    'all of it',
    100,
    false,
    [
      ['ack', 0, 200],
      ['end', 200],
    ],
    [true, true, 'whole'],
  ],
  [
    'the end comes later',
    100,
    false,
    [
      ['end', 200],
      ['ack', 100, 150],
      ['ack', 150, 250],
    ],
    [true, true, 'whole'],
  ],
  [
    'not up to the end',
    100,
    false,
    [
      ['end', 200],
      ['ack', 100, 199],
    ],
    [false, false, 'part'],
  ],
  [
    'its middle was lost',
    100,
    false,
    [
      ['ack', 100, 140],
      ['end', 200],
      ['ack', 160, 200],
    ],
    [true, true, 'part'],
  ],
  [
    'all of it was lost',
    100,
    false,
    [
      ['end', 200],
      ['ack', 200, 300],
    ],
    [true, false, 'none'],
  ],
  ['no video at all', 100, false, [['end', 100]], [true, false, 'none']],
  [
    'acknowledged beyond an earlier end',
    100,
    false,
    [
      ['ack', 100, 300],
      ['end', 200],
    ],
    [true, true, 'whole'],
  ],
  ['at the cloud before the event was', 100, true, [['end', 100]], [true, true, 'whole']],
]
for (const [name, start, hasEarlier, steps, expected] of PROGRESS)
  test(`video: ${name}`, () => {
    const video = new VideoProgress(start, hasEarlier)
    for (const step of steps)
      if (step[0] === 'ack') video.acknowledge(step[1], step[2])
      else video.end(step[1])
    assert.deepEqual([video.isSettled, video.counts, video.extent], expected)
  })
