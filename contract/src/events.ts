/** What happened, as every other room hears of it: the typed map of outbox events, also the words of the event stream. */
import type { Json } from './json.ts'

export interface EventMap {
  'device.enrolled': { device: string; platform: string; channel: number; epoch: number }
  'device.changed': { device: string; what: string[] }
  'device.removed': { device: string; channels: number[]; reason: string }
  'device.blocked': { device: string; channels: number[]; blocked: boolean }
  'device.reported': { devices: string[] }
  'device.event': { device: string; type: string; at: string; data: Json }
  /** Something waits: at most 500 channels named, else everyone ('*'). Every node's waiting index hears it. */
  'channels.waiting': { channels: number[] | '*'; urgent: boolean }
  /** They said that something is put off: their next connection looks. Every node's waiting index hears it. */
  'channels.deferred': { channels: number[] }
  'activity.created': { activity: number; operation: string; targets: number }
  'activity.cancelled': { activity: number; operation: string; cancelled: number; cancelling: number }
  /** One per durable batch: [channel, activity, state]. Carried without NOTIFY. */
  'operations.changed': { rows: [channel: number, activity: number, state: string][]; devices: string[] }
  'policy.changed': { policy: number; version: number; what: string }
  'settings.changed': { devices: string[] }
  'compliance.changed': { devices: string[] }
  'invitation.changed': { invitation: number; state: string }
  'group.changed': { group: number }
  /** A saved query of the device list. */
  'query.changed': { query: number }
  'user.changed': { user: number; what: string }
  'role.changed': { role: number; what: string }
  'client.changed': { client: string; what: string }
  'credentials.revoked': { channels: number[] }
  'tokens.revoked': { tokens: string[]; client?: string; user?: number }
  'configuration.changed': { key: string }
  /** Something about the installation itself that an administrator should look at. */
  'installation.event': { type: string; at: string; severity: string; data: Json }
  /** What waits for a second administrator, or was decided. */
  'approval.changed': { activity: number; state: string }
  'alert.acknowledged': { alert: string; by: string; devices: string[] }
  'webhook.changed': { webhook: number; what: string }
  'recovery.changed': { active: boolean }
  /** An act of a platform's set-up. */
  'platform.changed': { platform: string; step: string; action: string }
}
export type EventType = keyof EventMap

/** Between nodes: they name credentials and queues, and say nothing to a person. */
type InnerEventType = 'channels.waiting' | 'channels.deferred' | 'credentials.revoked' | 'tokens.revoked'
const told: Readonly<Record<Exclude<EventType, InnerEventType>, true>> = {
  'device.enrolled': true,
  'device.changed': true,
  'device.removed': true,
  'device.blocked': true,
  'device.reported': true,
  'device.event': true,
  'activity.created': true,
  'activity.cancelled': true,
  'operations.changed': true,
  'policy.changed': true,
  'settings.changed': true,
  'compliance.changed': true,
  'invitation.changed': true,
  'group.changed': true,
  'query.changed': true,
  'user.changed': true,
  'role.changed': true,
  'client.changed': true,
  'configuration.changed': true,
  'installation.event': true,
  'approval.changed': true,
  'alert.acknowledged': true,
  'webhook.changed': true,
  'recovery.changed': true,
  'platform.changed': true,
}
/** Every type that the event stream and webhooks carry. */
export const eventTypes = Object.keys(told) as (keyof typeof told)[]
