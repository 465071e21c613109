/** The mark of Muster. */
export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" fill="#3b63d2" />
      <path
        d="M7 23V10.500a1.500 1.500 0 0 1 2.700-.9L16 18l6.300-8.400a1.500 1.500 0 0 1 2.700.9V23"
        fill="none"
        stroke="#fff"
        strokeWidth="3"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
