/** Editions of Windows by the number that GetProductInfo gives. */
import type { Json } from '@muster/contract'

const names: Readonly<Record<number, string>> = {
  4: 'Enterprise',
  27: 'Enterprise N',
  48: 'Pro',
  49: 'Pro N',
  72: 'Enterprise Evaluation',
  98: 'Home N',
  99: 'Home China',
  100: 'Home Single Language',
  101: 'Home',
  121: 'Education',
  122: 'Education N',
  125: 'Enterprise LTSC',
  126: 'Enterprise LTSC N',
  161: 'Pro for Workstations',
  162: 'Pro for Workstations N',
  164: 'Pro Education',
  165: 'Pro Education N',
  171: 'Enterprise G',
  175: 'Enterprise multi-session',
  188: 'IoT Enterprise',
  191: 'IoT Enterprise LTSC',
  203: 'SE N',
  202: 'SE',
}

/** The number itself where it has no name here. */
export function editionName(text: string): Json | undefined {
  const n = /^\s*\d{1,4}\s*$/.test(text) ? Number(text) : undefined
  return n === undefined ? undefined : (names[n] ?? String(n))
}
