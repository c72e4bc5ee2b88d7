import { readFileSync } from 'node:fs'
import t from 'tap'
import { jobStatuses, terminalStatuses } from '../../schemas/job.ts'
import { isTerminal, plannedTransitions, transitions, type Transition } from '../../src/engine/states.ts'

/** `from → to`, with `[*]` for what is before a job and after it. */
function arrowsOf (table: Readonly<Record<string, Transition>>): string[] {
  const orNothing = (statuses: readonly string[]) => statuses.length === 0 ? ['[*]'] : statuses
  const arrows = Object.values(table).flatMap(({ from, to }) => orNothing(from).flatMap((one) => orNothing(to).map((other) => `${one} → ${other}`)))
  return [...new Set(arrows)].sort()
}

t.test('a job never leaves a terminal status, and every other one leads on', async (t) => {
  t.same(jobStatuses.filter(isTerminal), [...terminalStatuses])
})

t.test('every status can be reached, once what is planned is there', async (t) => {
  const reached = new Set(Object.values<Transition>({ ...transitions, ...plannedTransitions }).flatMap(({ to }) => to))
  t.same(jobStatuses.filter((status) => !reached.has(status)), [])
})

t.test('the diagram of ARCHITECTURE.md shows the table', async (t) => {
  const text = readFileSync(new URL('../../ARCHITECTURE.md', import.meta.url), 'utf8')
  const [, diagram = ''] = /```mermaid\nstateDiagram-v2\n([^`]*)```/.exec(text) ?? []
  const lines = [...diagram.matchAll(/^ *(\S+) --> (\S+?)(?:: (.*))?$/gm)].map(([, from, to, label = '']) => ({ arrow: `${from} → ${to}`, isPlanned: label.includes('planned') }))
  const shown = (isPlanned: boolean) => [...new Set(lines.filter((line) => line.isPlanned === isPlanned).map(({ arrow }) => arrow))].sort()
  t.same(shown(false), arrowsOf(transitions))
  t.same(shown(true), arrowsOf(plannedTransitions))
})
