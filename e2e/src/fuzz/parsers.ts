/** The registry: every reader of somebody else's bytes. A new parser is one more entry, with its corpus. */
import { channel } from './parsers/channel.ts'
import { core } from './parsers/core.ts'
import { files } from './parsers/files.ts'
import { gateway } from './parsers/gateway.ts'
import { protocols } from './parsers/protocols.ts'
import { windows } from './parsers/windows.ts'
import type { Specimen } from './specimen.ts'

export const specimens: readonly Specimen[] = [...gateway, ...channel, ...core, ...files, ...protocols, ...windows]
