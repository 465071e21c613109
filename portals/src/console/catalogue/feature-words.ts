/** The words of features' settings, as their schemas title them, from the catalogue where one may read it. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { catalog } from '../../api/index.ts'
import { wordsOf } from '../../schema-form/index.ts'
import type { Words } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'

export function useFeatureWords(): (feature: string) => Words | undefined {
  const allowed = useMay('platform:read')
  const features = useQuery({ ...catalog(), enabled: allowed }).data?.features
  return useMemo(() => {
    const read = new Map<string, Words>()
    return (id) => {
      const schema = features?.find((one) => one.id === id)?.schema
      const words = read.get(id) ?? (schema === undefined ? undefined : wordsOf(schema))
      if (words !== undefined) read.set(id, words)
      return words
    }
  }, [features])
}
