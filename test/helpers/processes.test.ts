import t from 'tap'
import { startScript } from './processes.ts'

t.test('starts a TypeScript file, waits for its lines and sends it signals', async (t) => {
  const directory = t.testdir({
    'server.ts': `
      const port: number = 7
      console.log('starting')
      process.on('SIGTERM', () => process.exit(3))
      console.log(\`listening on \${port} for \${process.env.WHO} and \${process.argv[2]}\`)
      setInterval(() => {}, 1000)`
  })
  const server = startScript(t, `${directory}/server.ts`, { args: ['bob'], env: { WHO: 'ada' } })
  const [, port] = await server.waitForLine(/^listening on (\d+) for ada and bob$/)
  t.equal(port, '7')
  t.match(await server.waitForLine(/starting/), ['starting'], 'lines printed before count too')
  server.kill()
  t.same(await server.exited, { code: 3, signal: null })
  await t.rejects(server.waitForLine(/never/), { message: /it ended with \{"code":3,"signal":null\}\nstarting/ })
})

t.test('kills with the given signal, and at the end of the test', async (t) => {
  const directory = t.testdir({ 'forever.ts': "console.log('up'); setInterval(() => {}, 1000)" })
  let pid = 0
  await t.test('during the test', async (t) => {
    const killed = startScript(t, `${directory}/forever.ts`)
    await killed.waitForLine(/up/)
    killed.kill('SIGKILL')
    t.same(await killed.exited, { code: null, signal: 'SIGKILL' })

    const left = startScript(t, `${directory}/forever.ts`)
    await left.waitForLine(/up/)
    await t.rejects(left.waitForLine(/down/, { deadlineMs: 20 }), { message: /not within 20 ms/ })
    pid = left.pid
  })
  t.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
})
