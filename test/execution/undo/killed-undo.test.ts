import t from 'tap'
import { launchUndo } from '../../../src/operations/launch/launch-again.ts'
import { createGate } from '../../helpers/gate.ts'
import { openScene, sweepAfterLease } from '../../operations/cleanup/scene.ts'

t.test('a worker is killed between its UPDATE and its COMMIT: what it had kept goes with what it had written', async (t) => {
  const scene = await openScene(t, { resource: { undo: true } })
  const { engine, client } = scene
  const gate = await createGate(scene.database, { table: 'item', on: 'update' })
  const worker = await scene.startWorker()
  await gate.close()
  const { id } = await scene.launch({ onError: 'continue' })
  await gate.waitUntilReached()
  worker.kill('SIGKILL')
  await worker.exited
  t.match(await sweepAfterLease(engine), { requeued: 1 })
  await gate.open()
  t.same((await client.query('SELECT 1 FROM powercrud.image')).rows, [])

  await scene.consume()
  const done = await scene.ended(id)
  t.match(done, { status: 'succeeded', succeeded: 100, deaths: 1 })
  const undo = await launchUndo(engine, done, { user: null, view: { em: engine.orm.em.fork(), scope: undefined } })
  t.match(await scene.ended(undo.id), { status: 'succeeded', succeeded: 100, skipped: 0 })
  t.same(await scene.writes(), { 2: 100 })
})

t.test('a worker is killed in the middle of an undo: another one does it, once', async (t) => {
  const scene = await openScene(t, { resource: { undo: true } })
  const { engine, client } = scene
  await client.query("UPDATE item SET notes = 'note ' || id")
  await client.query('TRUNCATE item_write')
  const state = async () => (await client.query('SELECT id, status, notes, priority FROM item ORDER BY id')).rows
  const before = await state()
  const gate = await createGate(scene.database, { table: 'item', on: 'update' })
  const first = await scene.startWorker()
  const { id } = await scene.launch({ set: { status: 'done', notes: 'all' } })
  const done = await scene.ended(id)
  t.match(done, { status: 'succeeded', succeeded: 100 })

  await gate.close()
  const undo = await launchUndo(engine, done, { user: null, view: { em: engine.orm.em.fork(), scope: undefined } })
  await gate.waitUntilReached()
  first.kill('SIGKILL')
  await first.exited
  t.match(await sweepAfterLease(engine), { requeued: 1 })
  await gate.open()
  t.same(await scene.writes(), { 1: 100 }, 'nothing of the dead worker was committed')
  t.notSame(await state(), before)

  await scene.consume()
  t.match(await scene.ended(undo.id), { status: 'succeeded', succeeded: 100, skipped: 0, deaths: 1 })
  t.same(await state(), before)
  t.same(await scene.writes(), { 2: 100 })
  t.equal(await scene.livingChunks(), 0)
})
