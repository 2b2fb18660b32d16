import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openDataFolder } from '../../cloud/server/data-folder.ts'
import { storedToken } from '../../cloud/server/tokens.ts'
import { withTempFolder } from '../support/paths.ts'

test('a folder is made, private, and given back', () =>
  withTempFolder((root) => {
    const path = join(root, 'data')
    const folder = openDataFolder(path)
    assert.equal(statSync(path).mode & 0o777, 0o700)
    const { token, isNew } = storedToken(path, 'admin-token')
    assert.equal(isNew, true)
    assert.equal(statSync(join(path, 'admin-token')).mode & 0o777, 0o600)
    assert.deepEqual(storedToken(path, 'admin-token'), { token, isNew: false })
    folder.release()
    openDataFolder(path).release()
  }))

test('a folder of a newer server is refused', () =>
  withTempFolder((root) => {
    openDataFolder(root).release()
    writeFileSync(join(root, 'version'), '99\n')
    assert.throws(() => openDataFolder(root), /use the newer server/)
    writeFileSync(join(root, 'version'), 'what\n')
    assert.throws(() => openDataFolder(root), /does not hold a version/)
  }))

test('an older folder is brought up to date, once, from where it is', () =>
  withTempFolder((root) => {
    openDataFolder(root).release()
    const done: string[] = []
    const version = () => readFileSync(join(root, 'version'), 'utf8')
    const first = (path: string) => void done.push(`first in ${path === root}`)
    const second = () => {
      done.push('second')
      if (done.length === 2) throw new Error('the power went')
    }
    assert.throws(() => openDataFolder(root, [first, second]), /the power went/)
    assert.equal(version(), '2\n', 'what was done is not done again')
    openDataFolder(root, [first, second]).release()
    openDataFolder(root, [first, second]).release()
    assert.deepEqual(done, ['first in true', 'second', 'second'])
    assert.equal(version(), '3\n')
    assert.throws(() => openDataFolder(root, [first]), /has version 3, this server knows 2/)
    // a folder that is new needs no steps
    openDataFolder(join(root, 'new'), [first, second]).release()
    assert.equal(done.length, 3)
  }))

test('a folder in use is refused, one whose owner was killed is taken', () =>
  withTempFolder(async (root) => {
    openDataFolder(root).release()
    const owner = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    const stat = readFileSync(`/proc/${owner.pid}/stat`, 'utf8')
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    writeFileSync(join(root, 'lock'), `${owner.pid} ${ticks}\n`)
    assert.throws(() => openDataFolder(root), new RegExp(`in use by process ${owner.pid}`))
    // the number of a process that is gone may be another one's by now
    writeFileSync(join(root, 'lock'), `${owner.pid} 1\n`)
    openDataFolder(root).release()
    writeFileSync(join(root, 'lock'), `${owner.pid} ${ticks}\n`)
    owner.kill('SIGKILL')
    await once(owner, 'exit')
    openDataFolder(root).release()
  }))
