import t from 'tap'
import { contract } from './contract.ts'

t.test('the HTTP contract: postgres, plain application', (t) => contract(t, { mode: 'postgres', host: 'plain' }))
