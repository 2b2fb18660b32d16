/** One line of what people did: who, when, what. It outlives what it speaks of. */
export type AuditLine = {
  id: number
  atMs: number
  /** account, or role where there is none */
  actor: string
  /** such as `delete_range` */
  action: string
  /** `product/device`; empty when it is about none */
  device: string
  /** null: all, or none */
  channel: number | null
  startMs: number | null
  endMs: number | null
  detail: string
}

/** The audit log in the index: it only grows. */
export type AuditStore = {
  write(line: Omit<AuditLine, 'id'>): Promise<void>
  /** newest first, those before an id */
  list(limit: number, beforeId?: number): Promise<AuditLine[]>
}
