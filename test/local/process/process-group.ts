import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** The running processes that have `text` among their arguments or in the path of their working folder (Linux). */
export function processesWith(text: string): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const folder = readlinkSync(`/proc/${name}/cwd`);
        return command.includes(text) || folder.includes(text) ? [{ pid: Number(name), command }] : [];
      } catch {
        return []; // it has just ended
      }
    });
}

/** Resolves when `done` holds; throws when it does not within `ms`. */
export async function eventually(done: () => boolean | Promise<boolean>, what: string, ms = 20_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await done())) {
    if (Date.now() > deadline) throw new Error(`Not within ${ms} ms: ${what}`);
    await setTimeout(50);
  }
}
