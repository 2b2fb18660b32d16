import { openPgliteIndex } from '../../../../cloud/server/store/index/pglite.ts'
import { summarySuite } from './summary-suite.ts'

summarySuite('PGlite', () => openPgliteIndex('memory://'), { rounds: 8, seed: 3 })
