import { availableParallelism } from 'node:os';
import type { DuckDBInstance } from '@duckdb/node-api';

/** What one job may take of the machine. */
export interface DuckDbLimits {
  /** DuckDB's `memory_limit`, such as `1GB`. */
  readonly memoryLimit: string;
  readonly threads: number;
}

/** An instance of DuckDB that one session at a time has to itself. */
export interface LentInstance {
  readonly instance: DuckDBInstance;
  /** False when it was made for this session. */
  readonly used: boolean;
  /** For the next session, which gets an empty database and a temporary folder of its own; `false` ends it. */
  giveBack(clean: boolean): void;
}

const idle = new Map<string, DuckDBInstance[]>();
const mostIdle = 4;

/**
 * Lends an instance with these limits. One that a clean session gave back is used again: to make an instance and to end
 * it takes 13 ms of CPU, for the functions and types that it knows, and small jobs take little more.
 */
export async function lendInstance(limits: Partial<DuckDbLimits>): Promise<LentInstance> {
  const settings = {
    memory_limit: limits.memoryLimit ?? '800MB',
    threads: String(limits.threads ?? Math.min(2, availableParallelism())),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    enable_external_file_cache: 'false', // nothing of one job's files for the next
  };
  const key = `${settings.memory_limit} ${settings.threads}`;
  const { DuckDBInstance } = await import('@duckdb/node-api'); // with the first job: it takes a fifth of a second
  const used = idle.get(key)?.pop();
  const instance = used ?? (await DuckDBInstance.create(':memory:', settings));
  return {
    instance,
    used: used !== undefined,
    giveBack: (clean) => {
      const others = idle.get(key) ?? [];
      if (!clean || others.length >= mostIdle) return instance.closeSync();
      idle.set(key, [...others, instance]);
    },
  };
}
