import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { LandJobSpec } from '../../../../model/plan.js';
import { blocksFor } from '../../../process/read-buffers.js';
import { JobFailure } from '../job-script.js';

/** A finished CSV file and the landing table it replaces. */
export interface Replacement {
  /** PostgreSQL URL of the Glue connection. */
  readonly url: string;
  readonly database: string;
  readonly spec: LandJobSpec;
  readonly runKey: string;
  readonly csv: string;
  readonly rows: number;
  /** How far the lake reaches, for `sluice.watermarks`; none is recorded when absent. */
  readonly watermark?: LandingWatermark;
}

/** What the lake that is landed holds: everything written to the DynamoDB table before `loadedTo`. */
export interface LandingWatermark {
  readonly pipeline: string;
  /** ISO 8601, UTC. */
  readonly loadedTo: string;
  /** DynamoDB's id of the source table, so that a table made anew is noticed. */
  readonly tableId: string;
}

async function replaceWatermark(client: pg.Client, { spec, runKey, watermark }: Replacement): Promise<void> {
  if (watermark === undefined) return;
  const { pipeline, loadedTo, tableId } = watermark;
  await client.query('DELETE FROM sluice.watermarks WHERE pipeline = $1 AND target = $2', [pipeline, spec.target]);
  await client.query(
    'INSERT INTO sluice.watermarks (pipeline, target, run_key, loaded_to, table_id) VALUES ($1, $2, $3, $4, $5)',
    [pipeline, spec.target, runKey, loadedTo, tableId]
  );
}

function withDatabase(url: string, database: string): string {
  const parsed = new URL(url);
  parsed.pathname = `/${encodeURIComponent(database)}`;
  return parsed.href;
}

const lockNotAvailable = '55P03';

const hints: Readonly<Record<string, string>> = {
  '42P01': 'a table is missing: run the set-up statements of the plan first',
  '42703': 'a column is missing: the warehouse has another version of the model',
  '3D000': 'the database does not exist',
  '28P01': 'the password of the connection is wrong',
  '53100': 'the disk is full',
  '53300': 'it has too many connections',
  '57P01': 'it was shut down',
  '57P03': 'it is starting or shutting down',
};

/** PostgreSQL's messages quote values, so only the SQLSTATE, the relation and the column are told. */
function asJobFailure(error: unknown, target: string): unknown {
  if (error instanceof pg.DatabaseError) {
    const hint = hints[error.code ?? ''] ?? `see SQLSTATE ${error.code ?? 'unknown'}`;
    const column = error.column === undefined ? '' : `, column ${error.column}`;
    return new JobFailure(
      `The warehouse refused to replace ${target}${column} (SQLSTATE ${error.code ?? 'unknown'}): ${hint}`
    );
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // pg gives no code when the server closes a connection that is in use.
  const cut = error instanceof Error && /^Connection terminated/.test(error.message);
  if (cut || /^E(CONN|HOST|NET|PIPE|TIMEDOUT)/.test(code)) {
    return new JobFailure(`The warehouse cannot be reached (${code === '' ? 'connection lost' : code})`);
  }
  return error;
}

/** Stops what the connection is doing on the server; PostgreSQL notices a closed socket only when it next writes. */
async function cancelBackend(url: string, pid: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT pg_cancel_backend($1)', [pid]);
  } finally {
    await client.end();
  }
}

/**
 * Empties a table that the transaction fills next, and gives the option that COPY is to have. What goes to a file made in
 * this transaction is not logged; but while someone reads the table, its file stays.
 */
async function empty(client: pg.Client, target: string): Promise<string> {
  await client.query('SAVEPOINT reading');
  try {
    await client.query(`LOCK TABLE ${target} IN ACCESS EXCLUSIVE MODE NOWAIT`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== lockNotAvailable) throw error;
    await client.query('ROLLBACK TO SAVEPOINT reading');
    // Two loads of one table in turn: under READ COMMITTED neither DELETE would see the rows of the other.
    await client.query(`LOCK TABLE ${target} IN EXCLUSIVE MODE`);
    await client.query(`DELETE FROM ${target}`);
    return '';
  }
  await client.query('RELEASE SAVEPOINT reading');
  await client.query(`TRUNCATE ${target}`);
  return ', FREEZE';
}

/**
 * Replaces all rows of the landing table and the entity's row in `sluice.landing_loads`, and its watermark, in one transaction.
 * When `signal` is aborted before the commit, everything is rolled back.
 * @throws JobFailure with the SQLSTATE when the warehouse refuses; nothing is changed then.
 */
export async function replaceLanding(replacement: Replacement, signal: AbortSignal): Promise<void> {
  const { spec, runKey, rows } = replacement;
  const url = withDatabase(replacement.url, replacement.database);
  const target = spec.target
    .split('.')
    .map((part) => pg.escapeIdentifier(part))
    .join('.');
  const columns = spec.columns.map((column) => pg.escapeIdentifier(column.name)).join(', ');
  signal.throwIfAborted();
  const client = new pg.Client({ connectionString: url, application_name: `land_${spec.entity}_job` });
  client.on('error', () => undefined); // a lost connection also rejects the query under way
  let cancelling: Promise<void> | undefined;
  try {
    await client.connect();
    const identity = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const pid = identity.rows[0]?.pid ?? 0;
    const cancel = (): void => {
      cancelling = cancelBackend(url, pid).catch(() => undefined);
    };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      await client.query('BEGIN');
      const option = await empty(client, target);
      const { size } = await stat(replacement.csv);
      await pipeline(
        createReadStream(replacement.csv, blocksFor(size, 1 << 18)),
        client.query(copyFrom(`COPY ${target} (${columns}) FROM STDIN (FORMAT csv${option})`)),
        { signal }
      );
      const counted = await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${target}`);
      if (Number(counted.rows[0]?.n) !== rows) {
        throw new JobFailure(`${spec.target} holds ${counted.rows[0]?.n ?? 'no'} rows after loading ${rows}`);
      }
      await client.query(`ANALYZE ${target}`); // the procedures that read it are planned well only then
      await client.query('DELETE FROM sluice.landing_loads WHERE entity = $1', [spec.entity]);
      await client.query('INSERT INTO sluice.landing_loads (entity, run_key, row_count) VALUES ($1, $2, $3)', [
        spec.entity,
        runKey,
        rows,
      ]);
      await replaceWatermark(client, replacement);
      signal.throwIfAborted();
      await client.query('COMMIT');
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    signal.throwIfAborted();
    throw asJobFailure(error, spec.target);
  } finally {
    await cancelling;
    await client.end().catch(() => undefined);
  }
}
