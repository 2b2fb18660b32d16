import { openPgliteIndex } from '../../../../cloud/server/store/index/pglite.ts'
import { keepingSuite } from './keeping-suite.ts'

keepingSuite('PGlite', () => openPgliteIndex('memory://'))
