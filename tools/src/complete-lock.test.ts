// The lockfile of a registry that lacks foreign platforms is completed, and nothing else in it is touched.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missing, platformOf } from './complete-lock.ts'

test('a platform is read from the name', () => {
  assert.deepEqual(platformOf('@x/cli-linux-arm64-musl'), { os: ['linux'], cpu: ['arm64'], libc: ['musl'] })
  assert.deepEqual(platformOf('@x/binding-linux-x64-gnu'), { os: ['linux'], cpu: ['x64'], libc: ['glibc'] })
  assert.deepEqual(platformOf('@x/binding-linux-arm-gnueabihf'), { os: ['linux'], cpu: ['arm'], libc: ['glibc'] })
  assert.deepEqual(platformOf('@x/binding-win32-ia32-msvc'), { os: ['win32'], cpu: ['ia32'] })
  assert.deepEqual(platformOf('@x/cli-darwin-arm64'), { os: ['darwin'], cpu: ['arm64'] })
  assert.equal(platformOf('bufferutil'), undefined)
})

test('only what is named, missing and bound to a platform is added, at the version that is asked for', () => {
  const packages = {
    '': { optionalDependencies: { 'here-linux-x64': '1.0.0' } },
    'node_modules/here-linux-x64': { version: '1.0.0' },
    'node_modules/tool': {
      dev: true,
      optionalDependencies: {
        'here-linux-x64': '1.0.0',
        '@t/darwin-arm64': '2.1.0',
        '@t/linux-x64': '2.1.0',
        optional: '3.0.0',
      },
    },
    'node_modules/tool/node_modules/@t/linux-x64': { version: '2.1.0' },
  }
  assert.deepEqual(missing(packages), {
    'node_modules/@t/darwin-arm64': { version: '2.1.0', dev: true, optional: true, os: ['darwin'], cpu: ['arm64'] },
  })
  assert.deepEqual(missing({ ...packages, ...missing(packages) }), {})
})
