/** The words of what operations are given and answer, as their schemas title them, from the catalogue where one may read it. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { catalog } from '../../api/index.ts'
import { wordsOf } from '../../schema-form/index.ts'
import type { Words } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'

export function useOperationWords(operation: string): { params?: Words; result?: Words } {
  const allowed = useMay('platform:read')
  const found = useQuery({ ...catalog(), enabled: allowed }).data?.operations.find((one) => one.id === operation)
  return useMemo(() => (found ? { params: wordsOf(found.params), result: wordsOf(found.result) } : {}), [found])
}
