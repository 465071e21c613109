/** Whether what asked is still on the page when its answer comes: a late one neither closes another dialog nor takes anybody away. */
import { useEffect, useRef } from 'react'
import { type NavigateOptions, useHref, useLocation, useNavigate } from 'react-router'

export function useHere(): () => boolean {
  const here = useRef(false)
  useEffect(() => {
    here.current = true
    return () => {
      here.current = false
    }
  }, [])
  return () => here.current
}

/** Goes on to another page, unless one has gone elsewhere meanwhile: also where the page of before still stands until that one is loaded. */
export function useGoOn(): (to: string, options?: NavigateOptions) => Promise<void> {
  const navigate = useNavigate()
  const here = useHere()
  const page = useHref(useLocation().pathname)
  const latest = useRef(page)
  useEffect(() => {
    latest.current = page
  }, [page])
  return async (to, options) => {
    if (here() && location.pathname === latest.current) await navigate(to, options)
  }
}
