/** A file as a field: read in the page, sent as base64 in the JSON beside the other values. */
import { FileInput } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { t } from '../text/index.ts'
import type { TextField } from './fields.ts'
import { commonOf, type WidgetProps } from './widget-props.ts'

export function FileWidget(props: WidgetProps<TextField>) {
  const [file, setFile] = useState<File | null>(null)
  // A large file takes its time: its contents go into the form as it is then, unless another was chosen meanwhile.
  const latest = useRef(props.onChange)
  useEffect(() => {
    latest.current = props.onChange
  })
  const wanted = useRef<File | null>(null)
  const { name: _, ...common } = { ...commonOf(props), required: false }
  const choose = (chosen: File | null) => {
    setFile(chosen)
    wanted.current = chosen
    // Nothing of the one before is sent in its place.
    latest.current('')
    void chosen?.bytes().then((bytes) => {
      if (wanted.current === chosen) latest.current(toBase64(bytes))
    })
  }
  return (
    <FileInput
      {...common}
      value={file}
      onChange={choose}
      placeholder={t('form.file')}
      clearable
      clearButtonProps={{ 'aria-label': t('form.fileRemove') }}
      styles={{ wrapper: { maxWidth: 420 } }}
    />
  )
}

function toBase64(bytes: Uint8Array): string {
  const part = 8_192
  let text = ''
  for (let i = 0; i < bytes.length; i += part) text += String.fromCharCode(...bytes.subarray(i, i + part))
  return btoa(text)
}
