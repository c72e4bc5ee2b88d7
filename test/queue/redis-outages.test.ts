import t from 'tap'
import { outages } from './outages.ts'

t.test('outages', (t) => outages(t, 'redis'))
