/** What Macs take by declarations alone: disks, screen sharing, files of system services, background tasks. */
import { feature, type Json, type JsonObject } from '@muster/contract'
import { choice, choiceOr, host, line, lineOr, maybe, port, some, whole } from '@muster/kit/words'
import { z } from 'zod'
import { field, objectOf, written } from './fields.ts'
import { assetRef, type Native, nativeAvailability, userPassword } from './native.ts'
import { uuidOf } from './profile.ts'
import { listFeature, profileFeature } from './row.ts'

const policies = { allowed: 'Allowed', 'read-only': 'ReadOnly', refused: 'Disallowed' } as const
const uses = ['allowed', 'read-only', 'refused'] as const
const disks = {
  external: field('ExternalStorage', choice('External storage', uses), (v) => policies[v]),
  network: field('NetworkStorage', choice('Network storage', uses), (v) => policies[v]),
}
export const diskManagement = profileFeature(
  feature({
    id: 'apple.disks',
    title: { en: 'Disks', de: 'Laufwerke' },
    summary: {
      en: 'Whether Macs mount external and network storage.',
      de: 'Ob Macs externe und Netzwerkspeicher einbinden.',
    },
    settings: () => objectOf(disks).refine((s) => Object.values(s).some((v) => v !== undefined), 'set at least one'),
    merge: { rule: 'priority' },
    examples: [{ external: 'read-only', network: 'allowed' }],
  }),
  {
    to: nativeAvailability('diskmanagement.settings', 'device'),
    build: () => [],
    native: (s) => [{ type: 'diskmanagement.settings', payload: { Restrictions: written(disks, s as JsonObject) } }],
  },
)

const hostFields = {
  displays: field('MaximumVirtualDisplays', whole('Virtual displays for guests', 0, 2)),
  ports: field('PortBase', whole('First UDP port', 1024, 65_535)),
  noCopyFrom: field('PreventCopyFilesFromHost', maybe('No copying of files from this Mac')),
  noCopyTo: field('PreventCopyFilesToHost', maybe('No copying of files to this Mac')),
  standardOnly: field('PreventHighPerformanceConnections', maybe('No high performance connections')),
}
const connection = {
  name: field('DisplayName', line('Name', undefined, 100)),
  host: field('HostName', host('Mac')),
  port: field('Port', port('Port')),
  displays: field(
    'DisplayConfiguration/DisplayType',
    choiceOr('Virtual displays', ['1', '2'], '1'),
    (v) => `Virtual${v}`,
  ),
}
const connectionType = z.strictObject({
  ...Object.fromEntries(Object.entries(connection).map(([name, f]) => [name, f.type])),
  user: lineOr('User who signs in'),
  password: lineOr('Password of that user'),
}) as unknown as z.ZodType<JsonObject & { name: string; host: string; user?: string; password?: string }>
const connectionUuid = (c: { name: string; host: string }) => uuidOf('screen sharing', c.name, c.host)

export const screenSharing = profileFeature(
  feature({
    id: 'apple.screenSharing',
    title: { en: 'Screen sharing', de: 'Bildschirmfreigabe' },
    summary: {
      en: 'What guests on a shared screen may do, and the Macs that the app knows.',
      de: 'Was Gäste auf einem freigegebenen Bildschirm dürfen, und die Macs, die die App kennt.',
    },
    secret: ['connections/*/password'],
    settings: () =>
      z
        .strictObject({
          host: objectOf(hostFields).optional().meta({ title: 'This Mac is shared' }),
          group: lineOr('Group that the connections are shown in', undefined, 100),
          connections: z.array(connectionType).max(50).optional().meta({ title: 'Connections to other Macs' }),
        })
        .refine((s) => s.host !== undefined || (s.connections ?? []).length > 0, 'set at least one'),
    merge: { rule: 'priority' },
    examples: [
      {
        host: { displays: 1, ports: 5900, noCopyFrom: true, noCopyTo: true, standardOnly: false },
        group: 'Studio',
        connections: [
          {
            name: 'Render 1',
            host: 'render1.example.com',
            port: 5901,
            displays: '2',
            user: 'ada',
            password: 'topsecret',
          },
          { name: 'Render 2', host: 'render2.example.com', displays: '1' },
        ],
      },
    ],
  }),
  {
    to: nativeAvailability('screensharing.host.settings', 'device'),
    build: () => [],
    native: (s): Native[] => {
      const connections = s.connections ?? []
      const all = new Map(connections.map((c) => [connectionUuid(c), c]))
      const found: Native[] = [...all].map(([uuid, c]) => connectionOf(uuid, c))
      if (s.host)
        found.push({
          name: 'host',
          type: 'screensharing.host.settings',
          payload: written(hostFields, s.host as JsonObject),
        })
      if (s.group && all.size > 0) {
        const Members = [...all.keys()]
        const ConnectionGroupUUID = uuidOf('screen sharing group', s.group)
        const payload = { ConnectionGroupUUID, GroupName: s.group, Members }
        found.push({ name: 'group', type: 'screensharing.connection.group', payload })
      }
      return found
    },
  },
)

function connectionOf(uuid: string, c: JsonObject & { user?: string; password?: string }): Native {
  const name = `connection-${uuid.slice(-12).toLowerCase()}`
  const signsIn = c.user !== undefined
  return {
    name,
    type: 'screensharing.connection',
    payload: {
      ConnectionUUID: uuid,
      ...written(connection, c),
      ...(signsIn && { AuthenticationCredentialsAssetReference: assetRef(`${name}.credential`) }),
    },
    ...(signsIn && { assets: [userPassword(`${name}.credential`, c.user ?? '', c.password ?? '')] }),
  }
}

const base64 = (title: string, hint: string) =>
  z
    .string()
    .min(4)
    .max(1_400_000)
    .regex(/^[A-Za-z0-9+/\s]+={0,2}\s*$/, 'is not base64')
    .meta({ title, description: hint })
const file = (name: string, bytes: string, contentType: string) => ({
  name,
  type: 'data',
  data: { bytes: Buffer.from(bytes, 'base64').toString('base64'), contentType },
})
const identifier = (title: string, hint: string) =>
  z
    .string()
    .max(200)
    .regex(/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/, 'is no identifier, such as com.apple.sshd')
    .meta({ title, description: hint })

const serviceFile = z.strictObject({
  service: identifier(
    'Service',
    'com.apple.sshd, com.apple.sudo, com.apple.pam, com.apple.cups, com.apple.apache.httpd, com.apple.bash, com.apple.zsh',
  ),
  archive: base64('Its files, ZIP in base64', 'The folder of the service, as it stands below /etc'),
})
export const serviceFiles = listFeature(
  feature({
    id: 'apple.serviceFiles',
    title: { en: 'Files of system services', de: 'Dateien von Systemdiensten' },
    summary: {
      en: 'Configuration files of sshd, sudo, PAM, CUPS and others, which nobody on the Mac can change.',
      de: 'Konfigurationsdateien von sshd, sudo, PAM, CUPS und anderen, die am Mac niemand ändern kann.',
    },
    settings: () => z.strictObject({ services: some('Services', serviceFile, 20) }),
    merge: { rule: 'union', lists: ['services'] },
    examples: [{ services: [{ service: 'com.apple.sshd', archive: 'UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==' }] }],
  }),
  {
    list: 'services',
    name: (s: z.output<typeof serviceFile>) => [s.service],
    to: nativeAvailability('services.configuration-files', 'device'),
    build: () => [],
    native: (s) => [
      {
        type: 'services.configuration-files',
        payload: { ServiceType: s.service, DataAssetReference: assetRef('files') },
        assets: [file('files', s.archive, 'application/zip')],
      },
    ],
  },
)

const task = z.strictObject({
  id: identifier('Identifier', 'Such as com.example.sweeper'),
  description: lineOr('What it does'),
  executable: base64('Its programs, ZIP in base64', 'Kept where nobody on the Mac can change them').optional(),
  jobs: z
    .array(
      z.strictObject({
        context: z
          .enum(['daemon', 'agent'])
          .default('daemon')
          .meta({ title: 'Runs as', description: 'daemon: the system; agent: whoever signs in' }),
        launchd: base64('launchd file (property list) in base64', 'Its Label and ProgramArguments say what runs'),
      }),
    )
    .max(10)
    .optional()
    .meta({ title: 'What is run' }),
})
export const backgroundTasks = listFeature(
  feature({
    id: 'apple.backgroundTasks',
    title: { en: 'Background tasks', de: 'Hintergrundaufgaben' },
    summary: {
      en: 'Programs that Macs run in the background, with the files that they need.',
      de: 'Programme, die Macs im Hintergrund ausführen, mit den nötigen Dateien.',
    },
    settings: () => z.strictObject({ tasks: some('Tasks', task, 20) }),
    merge: { rule: 'union', lists: ['tasks'] },
    examples: [
      {
        tasks: [
          {
            id: 'com.example.sweeper',
            description: 'Sweeps the disk at night',
            executable: 'UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==',
            jobs: [{ context: 'daemon', launchd: 'PHBsaXN0Lz4=' }],
          },
        ],
      },
    ],
  }),
  {
    list: 'tasks',
    name: (t: z.output<typeof task>) => [t.id],
    to: nativeAvailability('services.background-tasks', 'device'),
    build: () => [],
    native: (t) => [
      {
        type: 'services.background-tasks',
        payload: {
          TaskType: t.id,
          ...(t.description && { TaskDescription: t.description }),
          ...(t.executable && { ExecutableAssetReference: assetRef('executable') }),
          ...(t.jobs?.length && {
            LaunchdConfigurations: t.jobs.map(
              (j, i): Json => ({ FileAssetReference: assetRef(`job-${i}`), Context: j.context }),
            ),
          }),
        },
        assets: [
          ...(t.executable ? [file('executable', t.executable, 'application/zip')] : []),
          ...(t.jobs ?? []).map((j, i) => file(`job-${i}`, j.launchd, 'application/x-plist')),
        ],
      },
    ],
  },
)
