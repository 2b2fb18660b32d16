export const BUN_TARGETS: Record<
  'x64' | 'arm64' | 'arm64-musl',
  { package: string; target: string }
>
export const bunFor: (name: keyof typeof BUN_TARGETS) => string
