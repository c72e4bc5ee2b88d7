import t from 'tap'
import { jobStatuses, terminalStatuses } from '../../schemas/job.ts'
import { paceOf, type PaceInput } from '../../src/live/rate.ts'

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1_000)

function pace (input: Partial<PaceInput>) {
  return paceOf({ status: 'running', startedAt: at(0), finishedAt: null, processed: 0, total: 2_000, now: at(10), ...input })
}

t.test('a running job has a percentage, a rate and an ETA', async (t) => {
  t.same(pace({ processed: 300 }), { percent: 15, ratePerSecond: 30, etaSeconds: 57 })
  t.same(pace({ processed: 8_125, total: 10_000 }), { percent: 81, ratePerSecond: 812.5, etaSeconds: 3 })
  t.same(pace({ processed: 1, total: 3, now: at(3_600) }), { percent: 33, ratePerSecond: 0.0002778, etaSeconds: 7_200 })
  t.same(pace({ processed: 2_000 }), { percent: 100, ratePerSecond: 200, etaSeconds: 0 })
})

t.test('percent is whole, rounded down, and stays within its bounds', async (t) => {
  t.equal(pace({ processed: 1_999 }).percent, 99)
  t.equal(pace({ processed: 19 }).percent, 0)
  t.equal(pace({ processed: 2_001 }).percent, 100)
  t.equal(pace({ processed: -1 }).percent, 0)
  t.equal(pace({ processed: 29, total: 100 }).percent, 29, 'and 0.29 × 100 is 28.99… in floating point')
})

t.test('rate and ETA are unknown before the first record or the start, and when the clocks disagree', async (t) => {
  t.same(pace({ processed: 0 }), { percent: 0, ratePerSecond: null, etaSeconds: null })
  t.same(pace({ processed: 5, startedAt: null }), { percent: 0, ratePerSecond: null, etaSeconds: null })
  for (const now of [at(0), at(-1)]) t.same(pace({ processed: 200, now }), { percent: 10, ratePerSecond: null, etaSeconds: null })
})

t.test('a job that does not move has no rate; one that is stopping has no ETA', async (t) => {
  for (const status of ['queued', 'waiting', 'paused'] as const) {
    t.same(pace({ status, processed: 1_000 }), { percent: 50, ratePerSecond: null, etaSeconds: null }, status)
  }
  for (const status of ['pausing', 'cancelling'] as const) {
    t.same(pace({ status, processed: 1_000 }), { percent: 50, ratePerSecond: 100, etaSeconds: null }, status)
  }
})

t.test('a terminal job has the average rate of its run, and keeps its percentage', async (t) => {
  for (const status of terminalStatuses) {
    t.same(pace({ status, processed: 2_000, finishedAt: at(4), now: at(1_000) }), { percent: 100, ratePerSecond: 500, etaSeconds: null }, status)
  }
  t.same(pace({ status: 'cancelled', processed: 500, finishedAt: at(5) }), { percent: 25, ratePerSecond: 100, etaSeconds: null })
  t.same(pace({ status: 'failed', processed: 1, finishedAt: at(5) }), { percent: 0, ratePerSecond: 0.2, etaSeconds: null })
  t.same(pace({ status: 'failed', startedAt: null, finishedAt: at(5) }), { percent: 0, ratePerSecond: null, etaSeconds: null })
})

t.test('an empty selection is at 100 % once the job has ended', async (t) => {
  for (const status of jobStatuses) {
    const isTerminal = (terminalStatuses as readonly string[]).includes(status)
    t.equal(pace({ status, total: 0, finishedAt: isTerminal ? at(1) : null }).percent, isTerminal ? 100 : 0, status)
  }
})
