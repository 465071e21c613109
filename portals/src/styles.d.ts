/** Styles are files of their own: Vite turns a module's class names into unique ones. */
declare module '*.module.css' {
  const classes: Readonly<Record<string, string>>
  export default classes
}
declare module '*.css'
