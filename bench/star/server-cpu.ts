import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Clock ticks in a second, which Linux fixes at 100 for what it tells in /proc. */
const ticks = 100;

interface Process {
  readonly parent: number;
  /** Ticks of it and of its children that have ended. */
  readonly spent: number;
}

function processOf(pid: string): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return { parent: fields[1] ?? 0, spent: fields.slice(11, 15).reduce((sum, one) => sum + one, 0) };
  } catch {
    return undefined; // it has ended meanwhile
  }
}

/** Process ids of a PostgreSQL server and of all its children. */
function processes(folder: string): string[] {
  const postmaster = readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0] ?? '';
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => pid === postmaster || processOf(pid)?.parent === Number(postmaster));
}

/**
 * CPU seconds, user and system, of a PostgreSQL server and of all backends and workers it ever had. Linux only.
 * @param folder the one that the server was started on
 */
export function serverCpu(folder: string): number {
  return processes(folder).reduce((sum, pid) => sum + (processOf(pid)?.spent ?? 0), 0) / ticks;
}

/** Proportional share of memory (PSS) of all processes of a PostgreSQL server, in MiB. Linux only. */
export function serverMemory(folder: string): number {
  return processes(folder).reduce((sum, pid) => {
    try {
      return (
        sum + Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024
      );
    } catch {
      return sum;
    }
  }, 0);
}
