/** The state of one SchemaForm: what was typed, what is wrong with it, and the JSON it makes. */
import { useMemo, useState } from 'react'
import type { FieldError } from '../api/index.ts'
import { type TextKey, t } from '../text/index.ts'
import { type Field, fieldsOf, type JsonSchema } from './fields.ts'
import {
  checkValue,
  cleanValue,
  defaultValue,
  escaped,
  type FormValue,
  type Json,
  keyPath,
  pointerOf,
  toForm,
  type ValueError,
} from './values.ts'

/** Words by JSON pointer. */
export type FieldMessages = ReadonlyMap<string, string>

export interface SchemaFormState {
  readonly field: Field
  readonly value: FormValue
  readonly messages: FieldMessages
  /** Messages that belong to no field shown. */
  readonly stray: readonly string[]
  set(value: FormValue): void
  /** The JSON to send, or undefined when something is wrong: the messages then say what. */
  check(): Json | undefined
  /** Puts the server's field errors where they belong; says whether there were any. `prefixes` as in `/params`. */
  refuse(fields: readonly FieldError[], ...prefixes: string[]): boolean
}

export function useSchemaForm(schema: JsonSchema, initial?: unknown): SchemaFormState {
  const field = useMemo(() => fieldsOf(schema), [schema])
  const [value, setValue] = useState<FormValue>(() =>
    initial === undefined ? defaultValue(field) : toForm(field, initial as Json),
  )
  const [messages, setMessages] = useState<FieldMessages>(new Map())
  const shown = useMemo(() => pointersOf(field, value), [field, value])
  return {
    field,
    value,
    messages,
    stray: [...messages]
      .filter(([path]) => !shown.has(path))
      .map(([path, message]) => (path === '' ? message : `${path}: ${message}`)),
    set(next) {
      setValue(next)
      if (messages.size > 0) setMessages(new Map())
    },
    check() {
      const errors = checkValue(field, value)
      setMessages(new Map(errors.map((error) => [error.path, wordsOf(error)])))
      return errors.length > 0 ? undefined : (cleanValue(field, value) ?? {})
    },
    refuse(fields, ...prefixes) {
      setMessages(new Map(fields.map((error) => [pointerOf(error.path, ...prefixes), capital(error.message)])))
      return fields.length > 0
    },
  }
}

function wordsOf(error: ValueError): string {
  return t(`form.error.${error.code}` satisfies TextKey, error.limit === undefined ? {} : { limit: error.limit })
}

/** Every pointer that has a widget on the page. */
function pointersOf(field: Field, value: FormValue, at = ''): Set<string> {
  const found = new Set(field.kind === 'group' && at === '' ? [] : [at])
  const add = (more: Set<string>) => {
    for (const pointer of more) found.add(pointer)
  }
  const inside = (typeof value === 'object' && value !== null ? value : {}) as Record<string, FormValue>
  if (field.kind === 'group')
    for (const f of field.fields) add(pointersOf(f, inside[f.name], `${at}/${escaped(f.name)}`))
  if (field.kind === 'list' && Array.isArray(value))
    for (const [i, item] of value.entries()) add(pointersOf(field.item, item, `${at}/${i}`))
  if (field.kind === 'record' && Array.isArray(inside.pairs)) {
    for (const [i, [key, v]] of (inside.pairs as unknown as [string, FormValue][]).entries()) {
      found.add(keyPath(at, i))
      add(pointersOf(field.value, v, `${at}/${escaped(key)}`))
    }
  }
  if (field.kind === 'variant' && typeof inside.option === 'number') {
    const chosen = field.options[inside.option]
    if (chosen !== undefined) add(pointersOf(chosen.field, inside.value, at))
  }
  return found
}

/** Messages of a validator begin in small letters; beside a field they are sentences. */
function capital(message: string): string {
  return message.charAt(0).toUpperCase() + message.slice(1)
}
