/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`; the text around it is written by people. */
export const replaceSection = (document: string, name: string, content: string): string => {
  const begin = `<!-- ${name} -->`
  const end = `<!-- /${name} -->`
  const from = document.indexOf(begin)
  const to = document.indexOf(end)
  if (from < 0 || to < from) throw new Error(`the document has no section ${begin} … ${end}`)
  return `${document.slice(0, from + begin.length)}\n${content.trim()}\n${document.slice(to)}`
}
