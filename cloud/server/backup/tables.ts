import { sql } from 'drizzle-orm'
import type { SqlDatabase } from '../store/index/sql.ts'

/** Who holds what at this moment is no part of a backup, and neither are sessions (people log in again) and what the database sums up. */
const LEFT_OUT = new Set([
  'schema_version',
  'instances',
  'jobs',
  'uploads',
  'upload_appends',
  'sessions',
  'exports',
  'slice_summaries',
])
/** Rows at a time, in either direction. */
const ROWS = 2000

export type Executor = Pick<SqlDatabase, 'execute'>

const rowsOf = async <Row>(db: Executor, query: ReturnType<typeof sql>): Promise<Row[]> =>
  ((await db.execute(query)) as unknown as { rows: Row[] }).rows

const name = (text: string) => sql.identifier(text)

/** Tables of the index, those that others refer to first. */
export const tablesOf = async (db: Executor): Promise<string[]> => {
  const tables = await rowsOf<{ name: string }>(
    db,
    sql`select relname as name from pg_class
        where relkind = 'r' and relnamespace = current_schema()::regnamespace order by relname`,
  )
  const references = await rowsOf<{ child: string; parent: string }>(
    db,
    sql`select c.relname as child, p.relname as parent from pg_constraint k
        join pg_class c on c.oid = k.conrelid join pg_class p on p.oid = k.confrelid
        where k.contype = 'f' and c.relnamespace = current_schema()::regnamespace and c.oid <> p.oid`,
  )
  const waiting = new Set(tables.map((table) => table.name).filter((table) => !LEFT_OUT.has(table)))
  const sorted: string[] = []
  while (waiting.size > 0) {
    const free = [...waiting].filter((table) =>
      references.every(({ child, parent }) => child !== table || !waiting.has(parent)),
    )
    if (free.length === 0) throw new Error('the tables refer to each other in a circle')
    for (const table of free) {
      waiting.delete(table)
      sorted.push(table)
    }
  }
  return sorted
}

/** Columns of a table, in order. */
const columnsOf = async (db: Executor, table: string): Promise<string[]> => {
  const rows = await rowsOf<{ name: string }>(
    db,
    sql`select column_name as name from information_schema.columns
        where table_schema = current_schema() and table_name = ${table} order by ordinal_position`,
  )
  return rows.map((row) => row.name)
}

/** Rows of a table as JSON lines, some at a time. Belongs into a transaction, so that all tables are of one moment. */
export async function* dumpTable(tx: Executor, table: string): AsyncGenerator<string> {
  const cursor = name(`backup_${table}`)
  // the database writes the JSON: what passes through JavaScript is text, so no number is rounded
  await tx.execute(
    sql`declare ${cursor} no scroll cursor for select row_to_json(t)::text as line from ${name(table)} t`,
  )
  try {
    for (;;) {
      const rows = await rowsOf<{ line: string }>(
        tx,
        sql`fetch ${sql.raw(String(ROWS))} from ${cursor}`,
      )
      if (rows.length === 0) return
      yield `${rows.map((row) => row.line).join('\n')}\n`
    }
  } finally {
    await tx.execute(sql`close ${cursor}`)
  }
}

/** Inserts JSON lines. Columns that came later take their defaults, columns that have gone are left out. */
export const loadTable = async (tx: Executor, table: string, lines: string): Promise<number> => {
  const all = lines.split('\n').filter((line) => line !== '')
  const first = all[0]
  if (first === undefined) return 0
  const given = new Set(Object.keys(JSON.parse(first) as object))
  const columns = (await columnsOf(tx, table)).filter((column) => given.has(column))
  const list = sql.join(columns.map(name), sql`, `)
  for (let at = 0; at < all.length; at += ROWS) {
    const batch = `[${all.slice(at, at + ROWS).join(',')}]`
    await tx.execute(
      sql`insert into ${name(table)} (${list})
          select ${list} from json_populate_recordset(null::${name(table)}, ${batch}::json)`,
    )
  }
  return all.length
}

/** Numbers that the database gives go on behind those that were restored. */
export const resetSequences = async (tx: Executor, tables: readonly string[]): Promise<void> => {
  for (const table of tables) {
    const serial = await rowsOf<{ column: string; sequence: string }>(
      tx,
      sql`select column_name as column, pg_get_serial_sequence(${table}, column_name) as sequence
          from information_schema.columns
          where table_schema = current_schema() and table_name = ${table}
            and pg_get_serial_sequence(${table}, column_name) is not null`,
    )
    for (const { column, sequence } of serial)
      await tx.execute(
        sql`select setval(${sequence}::regclass, coalesce((select max(${name(column)}) from ${name(table)}), 0) + 1, false)`,
      )
  }
}

export const isEmpty = async (db: Executor, table: string): Promise<boolean> =>
  (await rowsOf(db, sql`select 1 from ${name(table)} limit 1`)).length === 0
