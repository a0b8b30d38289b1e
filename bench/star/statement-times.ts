import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { ADMIN_ROLE } from '../../local/redshift/postgres/cluster.js';

/** Collects what auto_explain says of the statements that procedures run. */
export class StatementTimes {
  #plans: { readonly ms: number; readonly text: string }[] = [];

  /** Switches auto_explain on for all connections that the pool makes from now on. */
  async watch(folder: string, url: string, pool: pg.Pool): Promise<void> {
    const admin = new URL(url);
    admin.username = ADMIN_ROLE;
    admin.password = readFileSync(join(folder, 'password'), 'utf8').trim();
    const client = new pg.Client({ connectionString: admin.href });
    await client.connect();
    const settings = {
      session_preload_libraries: 'auto_explain',
      'auto_explain.log_min_duration': '20ms',
      'auto_explain.log_nested_statements': 'on',
      'auto_explain.log_analyze': 'on',
      'auto_explain.log_buffers': 'on',
      'auto_explain.log_wal': 'on',
      'auto_explain.log_level': 'notice',
    };
    for (const [name, value] of Object.entries(settings))
      await client.query(`ALTER ROLE sluice SET ${name} = '${value}'`);
    await client.end();
    pool.on('connect', (connection) => {
      connection.on('notice', ({ message = '' }) => {
        const ms = Number(/^duration: ([\d.]+) ms/.exec(message)?.[1]);
        if (!/Query Text: CALL/.test(message)) this.#plans.push({ ms, text: message });
      });
    });
  }

  /** Prints what was collected since the last call, the longest first. */
  print(title: string): void {
    if (this.#plans.length === 0) return;
    const sorted = this.#plans.toSorted((left, right) => right.ms - left.ms);
    console.log(
      `==== ${title}: ${sorted.length} statements, ${(sorted.reduce((sum, { ms }) => sum + ms, 0) / 1000).toFixed(2)} s`
    );
    for (const { text } of sorted) console.log(`${text}\n`);
    this.#plans = [];
  }
}
