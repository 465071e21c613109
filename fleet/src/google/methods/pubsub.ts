/** The methods of Pub/Sub's REST API that somebody who sets up notifications calls. */

import { ApiError, invalid } from '../errors.ts'
import type { Resource } from '../estate.ts'
import type { Call, Method } from '../method.ts'
import type { Pubsub, PushConfig } from '../pubsub.ts'

const mostPulled = 1000

export function pubsubMethods(pubsub: Pubsub): Method[] {
  function nameOf(kind: 'topics' | 'subscriptions', { ids: [project = '', id = ''], caller }: Call): string {
    if (project !== caller.project)
      throw new ApiError('PERMISSION_DENIED', `User not authorized to perform this action on projects/${project}.`)
    return `projects/${project}/${kind}/${id}`
  }
  const ackIds = (body: Resource): string[] => {
    const { ackIds: ids } = body
    if (Array.isArray(ids) && ids.length > 0 && ids.every((id) => typeof id === 'string')) return ids
    throw invalid([{ field: 'ack_ids', description: 'No ack ids specified.' }])
  }
  const topic = (
    id: string,
    verb: Method['verb'],
    action: string,
    handle: (name: string, call: Call) => object,
  ): Method => ({
    id: `pubsub.topics.${id}`,
    verb,
    path: `v1/projects/*/topics/*${action}`,
    handle: (call) => handle(nameOf('topics', call), call),
  })
  const subscription = (
    id: string,
    verb: Method['verb'],
    action: string,
    handle: (name: string, call: Call) => object,
  ): Method => ({
    id: `pubsub.subscriptions.${id}`,
    verb,
    path: `v1/projects/*/subscriptions/*${action}`,
    handle: (call) => handle(nameOf('subscriptions', call), call),
  })

  return [
    topic('create', 'PUT', '', (name) => pubsub.createTopic(name)),
    topic('get', 'GET', '', (name) => pubsub.topic(name)),
    topic('delete', 'DELETE', '', (name) => {
      pubsub.deleteTopic(name)
      return {}
    }),
    topic('getIamPolicy', 'GET', ':getIamPolicy', (name) => pubsub.policy(name)),
    topic('setIamPolicy', 'POST', ':setIamPolicy', (name, { body }) => pubsub.setPolicy(name, body)),
    topic('publish', 'POST', ':publish', (name, { body }) => {
      pubsub.topic(name)
      const messages = (body.messages ?? []) as { data?: string; attributes?: Record<string, string> }[]
      const publish = ({ data = '', attributes = {} }: (typeof messages)[number]) =>
        pubsub.publish(name, attributes, Buffer.from(data, 'base64').toString('utf8'))
      return { messageIds: messages.map(publish) }
    }),
    subscription('create', 'PUT', '', (name, { body }) => pubsub.subscribe(name, body)),
    subscription('get', 'GET', '', (name) => pubsub.subscription(name)),
    subscription('delete', 'DELETE', '', (name) => {
      pubsub.unsubscribe(name)
      return {}
    }),
    subscription('modifyPushConfig', 'POST', ':modifyPushConfig', (name, { body }) => {
      pubsub.modifyPush(name, (body.pushConfig ?? {}) as PushConfig)
      return {}
    }),
    subscription('pull', 'POST', ':pull', (name, { body }) => {
      const most = Number(body.maxMessages)
      if (!(most > 0)) throw invalid([{ field: 'max_messages', description: 'max_messages must be positive.' }])
      const receivedMessages = pubsub.pull(name, Math.min(most, mostPulled))
      return receivedMessages.length > 0 ? { receivedMessages } : {}
    }),
    subscription('acknowledge', 'POST', ':acknowledge', (name, { body }) => {
      pubsub.acknowledge(name, ackIds(body))
      return {}
    }),
    subscription('modifyAckDeadline', 'POST', ':modifyAckDeadline', (name, { body }) => {
      pubsub.modifyDeadline(name, ackIds(body), Number(body.ackDeadlineSeconds ?? 0))
      return {}
    }),
  ]
}
