// Loads the world into the database of the first argument.

import { openOrm } from '../../../examples/cities/database/orm.ts'
import { loadWorld } from '../../../examples/cities/load/load-world.ts'

const [url = ''] = process.argv.slice(2)
const orm = await openOrm(url)
console.log(await loadWorld(url, orm) ? 'loaded' : 'nothing to load')
await orm.close()
