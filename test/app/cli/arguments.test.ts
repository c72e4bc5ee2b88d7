import t from 'tap'
import { readArguments } from '../../../src/app/cli/arguments.ts'

t.test('a command line is read', async (t) => {
  t.same(readArguments(['worker', '--config', 'a.ts']), { kind: 'command', name: 'worker', json: false, config: 'a.ts' })
  t.same(readArguments(['-c', 'a.ts', 'cleanup', '--json']), { kind: 'command', name: 'cleanup', json: true, config: 'a.ts' })
  t.same(readArguments(['migrate', '--config=b.ts']), { kind: 'command', name: 'migrate', json: false, config: 'b.ts' })
  t.same(readArguments(['migrate']), { kind: 'command', name: 'migrate', json: false })
  for (const help of ['--help', '-h']) t.same(readArguments(['worker', help]), { kind: 'help' })
  for (const version of ['--version', '-v']) t.same(readArguments([version]), { kind: 'version' })
})

t.test('an invalid command line is refused with a suggestion and what is allowed', async (t) => {
  const invalid: [string[], string][] = [
    [[], 'a command is missing; allowed: worker, migrate, cleanup'],
    [['wroker'], 'wroker: unknown command; did you mean worker? allowed: worker, migrate, cleanup'],
    [['serve'], 'serve: unknown command; allowed: worker, migrate, cleanup'],
    [['worker', 'now'], 'now: worker takes no further argument'],
    [['worker', '--confg', 'a.ts'], '--confg: unknown option of worker; did you mean --config? allowed: --config, --help, --version'],
    [['worker', '--confg=a.ts'], '--confg: unknown option of worker; did you mean --config? allowed: --config, --help, --version'],
    [['worker', '--json'], '--json: unknown option of worker; allowed: --config, --help, --version'],
    [['cleanup', '--jsn'], '--jsn: unknown option of cleanup; did you mean --json? allowed: --config, --json, --help, --version'],
    [['cleanup', '-x'], '-x: unknown option of cleanup; allowed: --config, --json, --help, --version'],
    [['cleanup', '--config'], '--config: a value is missing'],
    [['cleanup', '--config='], '--config: a value is missing'],
    [['cleanup', '--json=yes'], '--json: takes no value']
  ]
  for (const [args, message] of invalid) t.same(readArguments(args), { kind: 'invalid', message }, args.join(' '))
})
