/** What a device is handed: settings with variables filled in, and beside them the secrets that the row asked for. */
import type { ChannelDetail, JsonObject } from '@muster/contract'
import type { Audit } from '../audit/index.ts'
import type { Log, Tx } from '../db/index.ts'
import type { Registry } from '../registry/index.ts'
import type { Secrets } from '../secrets/index.ts'
import { originOf } from './merge.ts'
import type { SetFeature } from './model.ts'
import { secretPlace, sealedBytes } from './sealing.ts'
import type { Wanted } from './wanted.ts'

/** Where an escrowed secret of a channel is sealed. */
export function escrowPlace(channel: number, name: string): string {
  return `escrow|${channel}/${name}|sealed`
}

export interface Needing {
  readonly channel: ChannelDetail
  readonly wanted: Wanted
}

export function createDelivery(deps: { registry: Registry; secrets: Secrets; audit: Audit; log: Log }) {
  const { registry, secrets, audit, log } = deps

  function open(place: string, sealed: Uint8Array): string | undefined {
    try {
      return secrets.open(place, sealed).toString('utf8')
    } catch (err) {
      log.error({ err, place }, 'a secret for a device cannot be opened; it is delivered without')
      return undefined
    }
  }

  /** Secrets that stand in the settings themselves, for the names that the row needs. */
  function inSettings(of: SetFeature, needs: readonly string[]): Record<string, string> {
    const found: Record<string, string> = {}
    for (const name of registry.features.get(of.feature)?.secret ?? []) {
      const sealed = needs.includes(name) ? sealedBytes(of.settings[name]) : undefined
      const origin = originOf(of.origins, `/${name}`)
      const value = sealed && origin && open(secretPlace(origin.policy, of.feature, name), sealed)
      if (value !== undefined) found[name] = value
    }
    return found
  }

  /** By channel number and feature. Reading escrow is one statement for all and one audit entry. */
  async function secretsFor(tx: Tx, all: readonly Needing[]): Promise<(channel: number, feature: string) => Record<string, string>> {
    const needing = all.filter((n) => n.wanted.row?.needs?.length)
    if (needing.length === 0) return () => ({})
    const escrowed = await readEscrow(tx, needing)
    const found = new Map<string, Record<string, string>>()
    for (const { channel, wanted } of needing) {
      const mine = inSettings(wanted.of, wanted.row?.needs ?? [])
      for (const name of wanted.row?.needs ?? []) {
        const sealed = escrowed.get(`${channel.no} ${name}`)
        const value = sealed && !Object.hasOwn(mine, name) ? open(escrowPlace(channel.no, name), sealed) : undefined
        if (value !== undefined) mine[name] = value
      }
      found.set(`${channel.no} ${wanted.feature}`, mine)
    }
    return (channel, feature) => found.get(`${channel} ${feature}`) ?? {}
  }

  async function readEscrow(tx: Tx, needing: readonly Needing[]): Promise<Map<string, Buffer>> {
    const asked: JsonObject[] = needing.flatMap((n) => (n.wanted.row?.needs ?? []).map((name) => ({ channel: n.channel.no, name })))
    const rows = await tx.query<{ channel: number; name: string; sealed: Buffer }>({ name: 'policies-escrow', text: escrow, values: [JSON.stringify(asked)] })
    if (rows.length > 0) await audit.write(tx, { actor: 'system', act: 'secret.delivered', detail: { secrets: rows.map((r) => ({ channel: r.channel, name: r.name })) } })
    return new Map(rows.map((r) => [`${r.channel} ${r.name}`, r.sealed]))
  }

  return { secretsFor }
}

const escrow = 'select e.channel, e.name, e.sealed from escrow e join (select distinct r.channel, r.name from jsonb_to_recordset($1::jsonb) as r(channel bigint, name text)) w using (channel, name)'
