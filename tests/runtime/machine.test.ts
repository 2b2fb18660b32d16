import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Machine, type Row } from '../../runtime/machine.ts'

type Light = { broken: boolean; log: string[]; isBroken(): boolean; on(): void; off(): void }
type Event = 'press' | 'fuse'

const ROWS: Row<'dark' | 'lit' | 'dead', Event, Light>[] = [
  { state: 'dark', event: 'press', guard: 'isBroken', next: 'dead' },
  { state: 'dark', event: 'press', action: 'on', next: 'lit' },
  { state: 'lit', event: 'press', action: 'off', next: 'dark' },
]

const light = (): Light => ({
  broken: false,
  log: [],
  isBroken() {
    return this.broken
  },
  on() {
    this.log.push('on')
  },
  off() {
    this.log.push('off')
  },
})

test('the first row whose guard holds is taken', () => {
  const context = light()
  const machine = new Machine(ROWS, 'dark', context)
  machine.send('press')
  assert.equal(machine.state, 'lit')
  machine.send('press')
  context.broken = true
  machine.send('press')
  assert.equal(machine.state, 'dead')
  assert.deepEqual(context.log, ['on', 'off'])
})

test('an event without a row changes nothing', () => {
  const machine = new Machine(ROWS, 'dark', light())
  machine.send('fuse')
  assert.equal(machine.state, 'dark')
})

test('an event sent by an action is taken after it, in the new state', () => {
  const context = light()
  const machine = new Machine(ROWS, 'dark', context)
  const states: string[] = []
  context.on = () => {
    machine.send('press')
    states.push(machine.state)
  }
  context.off = () => states.push(machine.state)
  machine.send('press')
  assert.deepEqual(states, ['lit', 'dark'])
})
