/** Preloaded into each test process: properties are tried with one seed, so that the same code gives the same verdict twice. `npm run fuzz` is where new cases are looked for. */
import { registerHooks } from 'node:module'

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'fast-check' && !context.parentURL?.endsWith('/seeded.ts')
      ? next('./seeded.ts', { ...context, parentURL: import.meta.url })
      : next(specifier, context),
})
