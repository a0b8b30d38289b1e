import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';

/** What one contestant was measured at: the samples of each column, one a round. */
export interface Measured {
  /** Who, with its version: `dlt 1.19.0, default`. */
  readonly by: string;
  readonly samples: Readonly<Record<string, readonly number[]>>;
}

/** The outcome of one bench. */
export interface BenchResult {
  /** Name of the bench, as `npm run bench --` takes it. */
  readonly bench: string;
  /** What is compared, in a sentence, with sizes. */
  readonly title: string;
  /** Columns in their order, with the unit in their name: `total s`. */
  readonly columns: readonly string[];
  /** Who the others are compared with, by `by`, and in which columns; a ratio is the other's median over this one's. */
  readonly reference: { readonly by: string; readonly columns: readonly string[] };
  readonly measured: readonly Measured[];
  /** What else is to be known, a line each. */
  readonly notes?: readonly string[];
}

/** A result as it is kept, with what it was measured with. */
export interface PublishedResult extends BenchResult {
  readonly conditions: {
    /** Short hash, with `with changes` where the working tree had some. */
    readonly commit: string;
    /** `YYYY-MM-DD`. */
    readonly date: string;
    readonly node: string;
    /** Processors and memory. */
    readonly machine: string;
  };
}

/** Where each bench keeps its last result, `<bench>.json`. */
export const resultsFolder = join(import.meta.dirname, '..', 'results');

/** The middle of the samples; the mean of the two middle ones of an even number. NaN of none. */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const shown = (value: number | undefined): string => {
  if (value === undefined || Number.isNaN(value)) return '–';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
};

/** Versions and machine that a result was measured with. */
function conditions(): PublishedResult['conditions'] {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
  return {
    commit:
      git('rev-parse', '--short', 'HEAD') +
      (git('status', '--porcelain', '--', '.', ':!/bench/results', ':!/docs/performance.md') === ''
        ? ''
        : ' with changes'),
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    machine: `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  };
}

/**
 * Prints a result as a table of medians and ratios, and writes it with all samples to `bench/results/<bench>.json`, of
 * which `npm run bench -- document` makes docs/performance.md.
 * @param json prints the document itself, in one line, instead of the table
 */
export function publish(result: BenchResult, json: boolean): void {
  const document: PublishedResult = { ...result, conditions: conditions() };
  mkdirSync(resultsFolder, { recursive: true });
  writeFileSync(join(resultsFolder, `${result.bench}.json`), `${JSON.stringify(document, null, 2)}\n`);
  if (json) return void console.log(JSON.stringify(document));
  const { head, rows } = tableOf(result);
  const table = new Table({ head, style: { head: [], border: [] } });
  table.push(...rows);
  console.log(`${result.title}\n${table.toString()}\n${(result.notes ?? []).join('\n')}`);
}

/** The table of a result: medians, and behind each column that is compared the ratio to the reference. */
export function tableOf(result: BenchResult): { readonly head: string[]; readonly rows: string[][] } {
  const { columns, measured, reference } = result;
  const base = measured.find(({ by }) => by === reference.by);
  const compared = (column: string): boolean => reference.columns.includes(column);
  const head = ['by', ...columns.flatMap((column) => (compared(column) ? [column, '×'] : [column]))];
  const rows = measured.map(({ by, samples }) => [
    by,
    ...columns.flatMap((column) => {
      const own = median(samples[column] ?? []);
      if (!compared(column)) return [shown(own)];
      const ratio = own / median(base?.samples[column] ?? []);
      return [shown(own), Number.isFinite(ratio) ? ratio.toFixed(2) : '–'];
    }),
  ]);
  return { head, rows };
}
