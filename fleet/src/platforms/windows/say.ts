/** Commands of a client's messages, each without its CmdID, which the message gives. */
import type { Disk, Notice } from './disk.ts'
import type { Piece } from './large.ts'
import type { Model } from './model.ts'
import type { Reply } from './obey.ts'
import { el, type Said } from './syncml/index.ts'

/** A command whose CmdID is still to be given. */
export type Unnumbered = (id: string) => Said

export const alert =
  (code: string): Unnumbered =>
  (id) =>
    el('Alert', el('CmdID', id), el('Data', code))
export const loginStatus =
  ({ logon }: Disk): Unnumbered =>
  (id) =>
    el(
      'Alert',
      el('CmdID', id),
      el('Data', '1224'),
      el('Item', el('Meta', el('Type', 'com.microsoft/MDM/LoginStatus')), el('Data', logon)),
    )
export const noticeOf =
  ({ source, type, format, mark, data }: Notice): Unnumbered =>
  (id) =>
    el(
      'Alert',
      el('CmdID', id),
      el('Data', '1226'),
      el(
        'Item',
        source === undefined ? undefined : el('Source', el('LocURI', source)),
        el('Meta', el('Format', format), el('Type', type), mark === undefined ? undefined : el('Mark', mark)),
        el('Data', data),
      ),
    )
export function devInfo(m: Model): Unnumbered {
  const values = [
    ['DevId', m.deviceId],
    ['Man', m.manufacturer],
    ['Mod', m.product],
    ['DmV', '1.3'],
    ['Lang', m.language],
  ] as const
  return (id) =>
    el(
      'Replace',
      el('CmdID', id),
      ...values.map(([name, value]) => el('Item', el('Source', el('LocURI', `./DevInfo/${name}`)), el('Data', value))),
    )
}
export const statusOf =
  (r: Reply, msgRef: string): Unnumbered =>
  (id) =>
    el('Status', el('CmdID', id), el('MsgRef', msgRef), el('CmdRef', r.cmdRef), el('Cmd', r.cmd), {
      ...el('Data', String(r.code)),
      ...(r.original && { original: r.original }),
    })
export const statusOfHeader =
  (code: '200' | '212', msgRef: string): Unnumbered =>
  (id) =>
    el('Status', el('CmdID', id), el('MsgRef', msgRef), el('CmdRef', '0'), el('Cmd', 'SyncHdr'), el('Data', code))
export const resultsOf =
  ({ cmdRef, uri, node, size, more }: Piece, msgRef: string): Unnumbered =>
  (id) =>
    el(
      'Results',
      el('CmdID', id),
      el('MsgRef', msgRef),
      el('CmdRef', cmdRef),
      el(
        'Item',
        el('Source', el('LocURI', uri)),
        el(
          'Meta',
          el('Format', node.format),
          el('Type', 'text/plain'),
          size === undefined ? undefined : el('Size', String(size)),
        ),
        el('Data', node.data),
        more ? el('MoreData') : undefined,
      ),
    )
