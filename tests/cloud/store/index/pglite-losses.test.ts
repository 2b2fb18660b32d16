import { openPgliteIndex } from '../../../../cloud/server/store/index/pglite.ts'
import { lossStoreSuite } from './loss-suite.ts'

lossStoreSuite('PGlite', () => openPgliteIndex('memory://'))
