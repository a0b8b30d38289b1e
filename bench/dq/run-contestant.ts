import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** What a contestant says of one rule: its position, whether it passed, and the number it was judged by. */
export type RuleAnswer = readonly [at: number, passed: boolean, value: number | null];

/** One process of a contestant. */
export interface ContestantRun {
  /** Seconds from the start of the process to the end of its first evaluation. */
  readonly cold: number;
  /** Seconds of each later evaluation. */
  readonly warm: readonly number[];
  /** Peak resident memory of the process, or of the Java process that it started. */
  readonly peakMb: number;
  readonly answers: readonly RuleAnswer[];
}

/** Runs a process that prints a line of JSON after its first evaluation and one at its end. Rejects when it fails. */
export async function runContestant(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {}
): Promise<ContestantRun> {
  const start = performance.now();
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let errors = '';
  let cold: number | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (cold === undefined && out.includes('"results":') && out.includes('\n')) cold = performance.now() - start;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = `${errors}${text}`.slice(-3000)));
  const [code] = (await once(child, 'close')) as [number | null];
  const lines = out.split('\n').filter((line) => line.startsWith('{'));
  if (code !== 0 || lines.length !== 2) throw new Error(`${command} ${args[0]} ended with ${code}: ${errors}`);
  const { results } = JSON.parse(lines[0]!) as { results: RuleAnswer[] };
  const { warm, peakMb } = JSON.parse(lines[1]!) as { warm: number[]; peakMb: number };
  return { cold: cold! / 1000, warm, peakMb, answers: results };
}

interface CommandDocument {
  readonly result: {
    readonly resultrun: readonly { readonly Result: string; readonly EvaluatedMetrics: Record<string, number> }[];
  };
}

/** Runs `sluice dq evaluate` to its end, as a user does. */
export async function runCommand(sluice: string, args: readonly string[]): Promise<ContestantRun> {
  const start = performance.now();
  const child = spawn(process.execPath, [sluice, ...args, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let peakMb = 0;
  const watch = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peakMb = Math.max(peakMb, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // It has ended in between.
    }
  }, 10);
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  const [code] = (await once(child, 'close')) as [number | null];
  const cold = (performance.now() - start) / 1000;
  clearInterval(watch);
  if (code !== 0) throw new Error(`sluice ${args.join(' ')} ended with ${code}: ${out}`);
  const { result } = JSON.parse(out) as CommandDocument;
  const answers = result.resultrun.map(({ Result, EvaluatedMetrics }, at): RuleAnswer => [
    at,
    Result === 'PASS',
    Object.values(EvaluatedMetrics)[0] ?? null,
  ]);
  return { cold, warm: [], peakMb, answers };
}
