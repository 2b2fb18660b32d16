import { openPgliteIndex } from '../../../../cloud/server/store/index/pglite.ts'
import { claimStoreSuite } from './claim-suite.ts'

claimStoreSuite('PGlite', () => openPgliteIndex('memory://'))
