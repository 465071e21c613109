/** The German catalogue: every key of the English one, and the server's refusals, which it says itself in English only. */
import { administration } from './de/administration.ts'
import { device } from './de/device.ts'
import { problem } from './de/problem.ts'
import { queries } from './de/queries.ts'
import { setup } from './de/setup.ts'
import { shell } from './de/shell.ts'
import { trail } from './de/trail.ts'
import { webhooks } from './de/webhooks.ts'
import { work } from './de/work.ts'
import type { TextKey } from './words.ts'

export const de: Readonly<Record<TextKey, string>> = {
  ...problem,
  ...shell,
  ...device,
  ...work,
  ...administration,
  ...webhooks,
  ...queries,
  ...setup,
  ...trail,
}
