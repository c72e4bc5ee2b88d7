import t from 'tap'
import { contract } from './contract.ts'

t.test('the HTTP contract: redis, plain application', (t) => contract(t, { mode: 'redis', host: 'plain' }))
