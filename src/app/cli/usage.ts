export const usage = `powercrud-async <command> [options]

Commands
  worker     run jobs until SIGTERM or SIGINT; another signal after 2 s exits immediately
  migrate    create or upgrade the tables; does nothing when they are up to date
  cleanup    recover stuck jobs and purge expired rows, once

Options
  -c, --config <file>   the file whose default export is the options of the plugin
                        (default: powercrud.config.ts or .js in this folder)
      --json            cleanup: print the summary as JSON
  -h, --help            print this
  -v, --version         print the version

Exit codes
  0  success
  1  failure
  2  invalid command line
`
