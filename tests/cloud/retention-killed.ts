/**
 * One round of retention in a process that kills itself between objects and rows: the objects of a batch are gone, their rows are not.
 * Arguments: data folder, how many objects it deletes before that, what time it is.
 */
import { argv } from 'node:process'
import { Catalog } from '../../cloud/server/catalog.ts'
import { openDataFolder } from '../../cloud/server/data-folder.ts'
import { Ingest } from '../../cloud/server/ingest/ingest.ts'
import { createLogger } from '../../cloud/server/log.ts'
import { Registry } from '../../cloud/server/registry.ts'
import { Retention } from '../../cloud/server/retention.ts'
import { openPgliteIndex } from '../../cloud/server/store/index/pglite.ts'
import { DiskObjectStore } from '../../cloud/server/store/objects/disk.ts'

const [, , path, deletions, time] = argv
const now = () => Number(time)
const folder = openDataFolder(path!)
const index = await openPgliteIndex(folder.index)
const objects = new DiskObjectStore({ ...folder, minFreeBytes: 0 }, console.error)
const log = createLogger('silent')
const registry = new Registry(index, now)
const ingest = new Ingest({ objects, index, registry, log, now })
const catalog = new Catalog(index, ingest)
const remove = objects.delete.bind(objects)
let left = Number(deletions)
objects.delete = async (key) => {
  await remove(key)
  if (--left === 0) process.kill(process.pid, 'SIGKILL')
}
await new Retention({ index, objects, registry, ingest, catalog, log, now }).run()
