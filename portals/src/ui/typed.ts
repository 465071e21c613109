/** A text that is kept in the address too: it goes there when typing rests, and comes back only where something else changed it there. */
import { useDebouncedCallback } from '@mantine/hooks'
import { useEffect, useRef, useState } from 'react'

/** `value`: as the address has it, without spaces around it. `set` may take its time: what was typed meanwhile stays. */
export function useTyped(value: string, set: (value: string) => void, restMs: number) {
  const [typed, setTyped] = useState(value)
  const now = useRef(value)
  /** Given to `set` and not yet seen in the address. */
  const given = useRef<readonly string[]>([])
  const later = useDebouncedCallback((text: string) => {
    const next = text.trim()
    if (next === (given.current.at(-1) ?? now.current)) return
    given.current = [...given.current, next]
    set(next)
  }, restMs)
  useEffect(() => {
    if (value === now.current) return
    now.current = value
    const at = given.current.indexOf(value)
    given.current = at < 0 ? [] : given.current.slice(at + 1)
    if (at >= 0) return
    later.cancel()
    setTyped(value)
  }, [value, later])
  const type = (text: string) => {
    setTyped(text)
    later(text)
  }
  /** Takes back what has been typed and not yet been given on. */
  const drop = () => {
    later.cancel()
    setTyped('')
  }
  return [typed, type, drop] as const
}
