import { openPgliteIndex } from '../../../../cloud/server/store/index/pglite.ts'
import { clockStoreSuite } from './clock-suite.ts'

clockStoreSuite('PGlite', () => openPgliteIndex('memory://'))
