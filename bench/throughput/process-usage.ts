import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

/** What a group of processes has used. */
export interface ProcessUsage {
  /** User and system time so far, in seconds. */
  readonly cpu: number;
  /** Σ of the processes' peak resident memory in MiB, since {@link resetPeaks}. */
  readonly memory: number;
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly cpu: number;
}

const ticksPerSecond = 100;

/** proc_pid_stat(5): the name stands in parentheses and may have spaces; what follows is counted from the state on. */
function processes(): Process[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const text = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      const cpu = (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
      return [{ pid: Number(entry), parent: Number(fields[1]), name, cpu }];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}

function peakMemory(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** The processes of an environment by what they are: the two roots, and by name what descends from them. */
export class ProcessGroups {
  constructor(private readonly roots: { readonly localAws: number; readonly worker: number }) {}

  #groups(): Record<'localAws' | 'worker' | 'temporal' | 'postgres', Process[]> {
    const all = processes();
    const below = (pids: readonly number[]): Process[] => {
      const children = all.filter(({ parent }) => pids.includes(parent));
      return children.length === 0 ? [] : [...children, ...below(children.map(({ pid }) => pid))];
    };
    const descendants = below([this.roots.localAws]);
    const at = (pid: number): Process[] => all.filter((one) => one.pid === pid);
    return {
      localAws: at(this.roots.localAws),
      worker: at(this.roots.worker),
      temporal: descendants.filter(({ name }) => name.startsWith('temporal')),
      postgres: descendants.filter(({ name }) => name.startsWith('postgres')),
    };
  }

  /** Forgets the peaks of memory so far. */
  resetPeaks(): void {
    for (const { pid } of Object.values(this.#groups()).flat()) {
      try {
        writeFileSync(`/proc/${pid}/clear_refs`, '5');
      } catch {
        // Not ours to reset: its peak since it began stands.
      }
    }
  }

  /** Usage of each group. That of PostgreSQL's connections which have ended is not in it, nor does their memory add up. */
  usage(): Record<'localAws' | 'worker' | 'temporal' | 'postgres', ProcessUsage> {
    const of = (group: readonly Process[]): ProcessUsage => ({
      cpu: group.reduce((sum, { cpu }) => sum + cpu, 0),
      memory: group.reduce((sum, { pid }) => sum + peakMemory(pid), 0),
    });
    const { localAws, worker, temporal, postgres } = this.#groups();
    return { localAws: of(localAws), worker: of(worker), temporal: of(temporal), postgres: of(postgres) };
  }
}
