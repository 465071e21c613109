/** How the portals look: one accent, calm greys with a little blue, text that keeps 4.5:1 in light and dark. */
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core'

const muster: MantineColorsTuple = [
  '#eef3ff',
  '#dde7fd',
  '#b9ccf9',
  '#91aff5',
  '#7196f1',
  '#5b84ee',
  '#4c74e6',
  '#3b63d2',
  '#3156ba',
  '#2549a3',
]
const dark: MantineColorsTuple = [
  '#e3e7ee',
  '#c3cad6',
  '#a3acbb',
  '#6f7a8c',
  '#465062',
  '#343c4b',
  '#242b37',
  '#181d26',
  '#12161d',
  '#0d1015',
]

export const theme = createTheme({
  primaryColor: 'muster',
  primaryShade: { light: 7, dark: 7 },
  colors: { muster, dark },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, "Cascadia Mono", "DejaVu Sans Mono", Menlo, monospace',
  headings: {
    fontWeight: '650',
    sizes: { h1: { fontSize: '1.5rem', lineHeight: '1.25' }, h2: { fontSize: '1.15rem' }, h3: { fontSize: '1rem' } },
  },
  components: {
    // A long label breaks instead of being cut off, where the screen is narrow.
    Button: {
      styles: {
        root: { height: 'auto', minHeight: 'var(--button-height)' },
        inner: { minHeight: 'calc(var(--button-height) - 2px)' },
        label: { whiteSpace: 'normal', overflow: 'visible', textAlign: 'start', lineHeight: 1.3 },
      },
    },
    Badge: { defaultProps: { variant: 'dot', tt: 'none', fw: 550, radius: 'sm', miw: 'max-content' } },
    Alert: { styles: { label: { color: 'var(--mantine-color-text)' } } },
    Tooltip: {
      defaultProps: {
        withArrow: true,
        openDelay: 250,
        events: { hover: true, focus: true, touch: true },
        multiline: true,
        maw: 320,
      },
    },
    Table: { defaultProps: { verticalSpacing: 'sm', horizontalSpacing: 'md' } },
    Paper: { defaultProps: { withBorder: true, radius: 'md' } },
    Modal: {
      styles: { title: { fontWeight: 650, fontSize: '1.1rem' } },
      defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.45 } },
    },
    // The placeholder is an element within the menu that is no item of it.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Select: { defaultProps: { comboboxProps: { shadow: 'md' }, checkIconPosition: 'right' } },
  },
})

/** Mantine's greys for secondary words are too faint to read: these are not. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#5b6472',
    '--mantine-color-placeholder': '#6b7482',
    '--mantine-color-error': '#c92a2a',
    '--mantine-color-body': '#ffffff',
    '--muster-ground': '#f6f7f9',
    '--muster-line': '#e3e6eb',
    '--muster-hover': '#f2f5fb',
  },
  dark: {
    '--mantine-color-dimmed': '#a3acbb',
    '--mantine-color-placeholder': '#8b95a6',
    '--mantine-color-error': '#ff8787',
    '--mantine-color-anchor': '#91aff5',
    '--muster-ground': '#12161d',
    '--muster-line': '#2a323f',
    '--muster-hover': '#1f2530',
  },
})
