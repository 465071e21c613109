/** A QR code; what draws it is fetched when the first one is shown. */
import { lazy, Suspense } from 'react'

const Drawn = lazy(() => import('./qr.tsx').then((m) => ({ default: m.Qr })))

export function QrCode(props: { text: string; label: string }) {
  return (
    <Suspense>
      <Drawn {...props} />
    </Suspense>
  )
}
