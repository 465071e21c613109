/** The few pictures of the portals, drawn on a 24 grid with one stroke. Always beside words or a label, so hidden from readers. */
const paths = {
  home: 'M4 11 12 4l8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z',
  devices:
    'M3 6a1 1 0 0 1 1-1h12a1 1 0 0 1 1 1v2M3 6v9a1 1 0 0 0 1 1h8M9 20h3M15 11h5a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1h-5a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1zM17 17.5h1',
  add: 'M12 5v14M5 12h14',
  policy: 'M12 3 5 6v5c0 4.5 3 8 7 10 4-2 7-5.500 7-10V6zM9 11.500l2.200 2.200L15 10',
  activity: 'M3 12h4l3-8 4 16 3-8h4',
  search: 'M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM20 20l-4.800-4.800',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2M12 20v2M4 12H2M22 12h-2M5 5l1.400 1.400M17.600 17.600 19 19M5 19l1.400-1.400M17.600 6.400 19 5',
  moon: 'M20 14.500A8.500 8.500 0 0 1 9.500 4 8 8 0 1 0 20 14.500z',
  auto: 'M4 5h16v11H4zM9 20h6M12 16v4',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM5 20c.7-3.500 3.500-5 7-5s6.300 1.500 7 5',
  out: 'M14 4h4a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1h-4M10 8l-4 4 4 4M6 12h9',
  copy: 'M9 9h10v11H9zM5 15V4h10',
  check: 'M5 12.500 10 17 19 7',
  close: 'M6 6l12 12M18 6 6 18',
  down: 'M6 9l6 6 6-6',
  right: 'M9 6l6 6-6 6',
  left: 'M15 6l-6 6 6 6',
  alert: 'M12 4 2.800 19.500h18.400zM12 10v4M12 16.800v.2',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.500 2',
  send: 'M4 12 20 4l-5 16-3.500-6.500zM11.500 13.500 20 4',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13',
  link: 'M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1',
  laptop: 'M5 5h14v10H5zM2.500 19h19',
  phone: 'M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM11 18h2',
  server: 'M4 5h16v6H4zM4 13h16v6H4zM7.500 8h.1M7.500 16h.1',
  group:
    'M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 20c.6-3.400 3-5 6.500-5s5.900 1.600 6.500 5M16 4.300a3.500 3.500 0 0 1 0 6.400M18 15.300c2 .7 3.200 2.200 3.500 4.700',
  key: 'M14.500 9.500a5 5 0 1 0-4 4.900L12 16h2v2h2v2h4v-3.500zM7.500 8.500h.1',
  gear: 'M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM19 12l2-1.500-2-3.500-2.400.9-2-1.200L14.200 4H9.800l-.4 2.700-2 1.200L5 7l-2 3.500L5 12l-2 1.500L5 17l2.400-.9 2 1.200.4 2.700h4.400l.4-2.700 2-1.200 2.400.9 2-3.500z',
  bell: 'M6 16V11a6 6 0 0 1 12 0v5l1.500 2h-15zM10 20.500h4',
  book: 'M6 4h12v16H6zM9 8h6M9 12h6M9 16h3',
  text: 'M5 6h14M5 10h14M5 14h9M5 18h6',
  seal: 'M12 15a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM8.500 14 7 21l5-2.500 5 2.500-1.500-7',
  role: 'M4 6h16v12H4zM8 10.500h.1M7 15c.3-1.200.8-1.500 1.600-1.500S10 13.800 10.300 15M13 10h4M13 14h4',
  up: 'M6 15l6-6 6 6',
  edit: 'M4 20l1-4L16.500 4.500l3 3L8 19zM14 7l3 3',
  more: 'M5 12h.1M12 12h.1M19 12h.1',
  webhook:
    'M9 8.500a3.500 3.500 0 1 1 5 3.200L17 17M12 8.500 8.500 15M8.500 15a3 3 0 1 1-3-2.500M8.500 16H17a2.500 2.500 0 1 1 0 1',
  box: 'M12 3l8 4.500v9L12 21l-8-4.500v-9zM4 7.500l8 4.500 8-4.500M12 12v9',
} as const
export type IconName = keyof typeof paths

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  )
}

const byFormFactor: Readonly<Record<string, IconName>> = {
  phone: 'phone',
  tablet: 'phone',
  laptop: 'laptop',
  desktop: 'auto',
  server: 'server',
  virtual: 'box',
  kiosk: 'auto',
  tv: 'auto',
}
export function formFactorIcon(formFactor: string): IconName {
  return byFormFactor[formFactor] ?? 'devices'
}
