import { openPgliteIndex } from '../../../../cloud/server/store/index/pglite.ts'
import { uploadStoreSuite } from './upload-suite.ts'

uploadStoreSuite('PGlite', () => openPgliteIndex('memory://'))
