/** Runs test files in the order given, so many at a time: `node --test` on its own sorts them by name. Arguments: lanes, flags of each process, files. */
import { argv } from 'node:process'
import { run } from 'node:test'
import report from './reporter.ts'

const [lanes, flags = '', ...files] = argv.slice(2)

const how = {
  files,
  concurrency: Number(lanes),
  execArgv: flags.split(' '),
  globalSetupPath: 'core/src/testing/global-setup.ts',
}
run(how)
  .on('test:fail', () => {
    process.exitCode = 1
  })
  .compose(report)
  .pipe(process.stdout)
