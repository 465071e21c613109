/** Users of shared iPads and of Macs. */
import { type JsonObject, operation } from '@muster/contract'
import { z } from 'zod'
import { type Command, command, listOf, plainReplies } from './row.ts'
import { onSharedIpads, sharedIpad, type When } from './systems.ts'
import { userName } from './words.ts'

const list = operation({
  id: 'apple.user.list',
  title: { en: 'List users', de: 'Benutzer auflisten' },
  summary: {
    en: 'Asks who has an account on the device; they appear among its facts.',
    de: 'Fragt, wer ein Konto auf dem Gerät hat; sie erscheinen unter den Angaben.',
  },
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () => z.object({}).strict(),
  result: () => z.object({ users: z.number().int().describe('Users') }),
  expiresS: 86_400,
  examples: [{ params: {}, result: { users: 2 } }],
})
const remove = operation({
  id: 'apple.user.delete',
  title: { en: 'Delete user', de: 'Benutzer löschen' },
  summary: {
    en: 'Deletes an account and all its files from the device.',
    de: 'Löscht ein Konto mit allen seinen Dateien vom Gerät.',
  },
  danger: 'destructive',
  repeatable: true,
  params: () =>
    z
      .object({
        user: userName.optional().describe('Name of the user'),
        everybody: z.boolean().default(false).describe('All who are not signed in (shared iPad)'),
        force: z.boolean().default(false).describe('Also with files that were not uploaded yet (shared iPad)'),
      })
      .strict()
      .refine((p) => p.everybody !== (p.user !== undefined), { path: ['user'], message: 'or everybody: one of them' }),
  result: () => z.object({}),
  expiresS: 7 * 86_400,
  examples: [{ params: { user: 'ada', everybody: false, force: false }, result: {} }],
})
const logout = operation({
  id: 'apple.user.logout',
  title: { en: 'Sign user out', de: 'Benutzer abmelden' },
  summary: { en: 'Signs out who uses a shared iPad now.', de: 'Meldet ab, wer ein geteiltes iPad gerade benutzt.' },
  danger: 'confirm',
  repeatable: true,
  params: () => z.object({}).strict(),
  result: () => z.object({}),
  expiresS: 3600,
  examples: [{ params: {}, result: {} }],
})
const unlock = operation({
  id: 'apple.user.unlock',
  title: { en: 'Unlock account', de: 'Konto entsperren' },
  summary: {
    en: 'Unlocks a local account of a Mac that was locked after too many wrong passwords.',
    de: 'Entsperrt ein lokales Konto eines Macs, das nach zu vielen falschen Passwörtern gesperrt wurde.',
  },
  danger: 'none',
  repeatable: true,
  params: () => z.object({ user: userName.describe('Name of the user') }).strict(),
  result: () => z.object({}),
  expiresS: 86_400,
  examples: [{ params: { user: 'ada' }, result: {} }],
})
/** iPads only when they are shared; of Macs every one. */
const shared: When = (c) => (c.facts['os.name'] === 'macOS' ? true : sharedIpad(c))
const macUsers = 'i9.3x m10.13!x'

export const userCommands: readonly Command[] = [
  command(list, {
    type: 'UserList',
    on: macUsers,
    and: [shared],
    looks: ['apple.sharedIpad'],
    result: (r) => ({ users: listOf(r.Users).length }),
    examples: [
      {
        in: {},
        wire: { RequestType: 'UserList' },
        replies: [
          {
            reply: { Status: 'Acknowledged', Users: [{ UserName: 'ada' }] },
            outcome: { state: 'completed', result: { users: 1 } },
          },
        ],
      },
    ],
  }),
  command(remove, {
    type: 'DeleteUser',
    on: macUsers,
    and: [shared],
    looks: ['apple.sharedIpad'],
    fields: (p): JsonObject => ({
      ...(p.user && { UserName: p.user }),
      ...(p.everybody && { DeleteAllUsers: true }),
      ...(p.force && { ForceDeletion: true }),
    }),
    examples: [
      { in: { user: 'ada' }, wire: { RequestType: 'DeleteUser', UserName: 'ada' }, replies: plainReplies() },
      {
        in: { everybody: true, force: true },
        wire: { RequestType: 'DeleteUser', DeleteAllUsers: true, ForceDeletion: true },
      },
    ],
  }),
  command(logout, {
    type: 'LogOutUser',
    on: 'i9.3x',
    ...onSharedIpads,
    examples: [{ in: {}, wire: { RequestType: 'LogOutUser' }, replies: plainReplies() }],
  }),
  command(unlock, {
    type: 'UnlockUserAccount',
    on: 'm10.13x',
    fields: (p) => ({ UserName: p.user }),
    examples: [
      { in: { user: 'ada' }, wire: { RequestType: 'UnlockUserAccount', UserName: 'ada' }, replies: plainReplies() },
    ],
  }),
]
