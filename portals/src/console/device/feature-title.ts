/** The names of policy features, from the catalogue where one may read it. */
import { useQuery } from '@tanstack/react-query'
import { catalog } from '../../api/index.ts'
import { readable } from '../../text/index.ts'
import { useMay } from '../shell/index.ts'

export function useFeatureTitles(): (feature: string) => string {
  const allowed = useMay('platform:read')
  const features = useQuery({ ...catalog(), enabled: allowed }).data?.features
  return (id) => features?.find((one) => one.id === id)?.title ?? readable(id)
}
