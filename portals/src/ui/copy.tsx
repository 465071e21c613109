/** Text to take along: shown in full, copied with one click, also on plain http where the clipboard API is missing. */
import { ActionIcon, Code, Group, Tooltip } from '@mantine/core'
import { useRef, useState } from 'react'
import { t } from '../text/index.ts'
import { Icon } from './icons.tsx'
import classes from './ui.module.css'

async function copyText(text: string, near: HTMLElement): Promise<boolean> {
  if (navigator.clipboard !== undefined) {
    const done = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    )
    if (done) return true
  }
  const area = document.createElement('textarea')
  area.value = text
  area.setAttribute('readonly', '')
  area.className = classes.offscreen ?? ''
  // Beside the button: an open dialog keeps the focus within itself.
  near.append(area)
  area.select()
  const copied = document.execCommand('copy')
  area.remove()
  near.focus()
  return copied
}

function CopyButton({ text, label }: { text: string; label: string }) {
  const [said, setSaid] = useState<'idle' | 'copied' | 'failed'>('idle')
  const button = useRef<HTMLButtonElement>(null)
  const copy = async () => {
    if (button.current === null) return
    setSaid((await copyText(text, button.current)) ? 'copied' : 'failed')
    setTimeout(() => setSaid('idle'), 2000)
  }
  const words = said === 'idle' ? label : t(said === 'copied' ? 'copy.done' : 'copy.failed')
  const icon = <Icon name={said === 'copied' ? 'check' : 'copy'} size={16} />
  return (
    <Tooltip label={words}>
      <ActionIcon ref={button} variant="subtle" color="gray" onClick={copy} aria-label={words}>
        {icon}
      </ActionIcon>
    </Tooltip>
  )
}

export function CopyLine({ text, label }: { text: string; label: string }) {
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start" className={classes.copyLine ?? ''}>
      <Code block className={classes.copyText ?? ''} tabIndex={0}>
        {text}
      </Code>
      <CopyButton text={text} label={label} />
    </Group>
  )
}
