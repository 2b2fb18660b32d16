/** `skyrill push`. */
export const pushCommand = async (args: string[]): Promise<number> => {
  const { push } = await import('../push.ts')
  return await push(args)
}
