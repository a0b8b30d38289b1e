import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** Processes can be looked at through /proc here. */
export const hasProc = existsSync('/proc/self/stat');

/** A process told from a later one with the same id by its start time. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly startTime: string;
  readonly command: string;
}

/** Every process of this machine that can be read. */
function processes(): ProcessInfo[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        // proc(5): the name in parentheses may itself have spaces and parentheses.
        const [state, parent, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (state === 'Z') return [];
        return [{ pid: Number(name), parent: Number(parent), startTime: rest[17] ?? '', command }];
      } catch {
        return []; // it has just ended
      }
    });
}

/** All that a process has started, directly or not, and that still runs. */
export function descendants(pid: number): ProcessInfo[] {
  const all = processes();
  const found: ProcessInfo[] = [];
  let parents = [pid];
  while (parents.length > 0) {
    const children = all.filter(({ parent }) => parents.includes(parent));
    found.push(...children);
    parents = children.map((child) => child.pid);
  }
  return found;
}

/** Those of the given processes that still run after they have had `withinMs` to end. */
export async function stillRunning(given: readonly ProcessInfo[], withinMs = 5_000): Promise<ProcessInfo[]> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const now = processes();
    const left = given.filter((one) =>
      now.some(({ pid, startTime }) => pid === one.pid && startTime === one.startTime)
    );
    if (left.length === 0 || Date.now() > deadline) return left;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
