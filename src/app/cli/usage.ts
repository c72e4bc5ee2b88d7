export const usage = `powercrud-async <command> [options]

Commands
  worker     work on jobs until SIGTERM or SIGINT; a second one ends at once
  migrate    create and upgrade the tables; does nothing where nothing is to be done
  cleanup    move on jobs whose worker died, and remove what is old, once

Options
  -c, --config <file>   the file that exports the options of the plugin by default
                        (powercrud.config.ts or .js in this folder, when left out)
      --json            cleanup: print the summary as JSON
  -h, --help            print this
  -v, --version         print the version

Exit codes
  0  done
  1  it failed
  2  the command line was wrong
`
