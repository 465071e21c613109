/** Menus whose items open dialogs: a dialog gives the focus back to where it was, and the item is gone by then. Its button is not. */
import { useRef } from 'react'

export function useMenuFocus() {
  const button = useRef<HTMLButtonElement>(null)
  return { button, back: () => button.current?.focus() }
}
