/** When a page breaks: says so in words, keeps the frame around it, and offers a way on. */
import { Button, Group } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { t } from '../text/index.ts'
import { Empty } from './page.tsx'

/** `place`: going to another one tries again. */
export class FailureBoundary extends Component<
  { place: string; children: ReactNode },
  { error?: Error; place: string }
> {
  override state: { error?: Error; place: string } = { place: this.props.place }
  static getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) }
  }
  static getDerivedStateFromProps(props: { place: string }, state: { place: string }) {
    return props.place === state.place ? null : { place: props.place, error: undefined }
  }
  override render() {
    const { error } = this.state
    if (error === undefined) return this.props.children
    return (
      <div role="alert">
        <Empty
          icon="alert"
          title={t('failure.title')}
          action={
            <Group>
              <Button onClick={() => location.reload()}>{t('failure.reload')}</Button>
            </Group>
          }
        >
          {t('failure.text', { message: error.message })}
        </Empty>
      </div>
    )
  }
}
