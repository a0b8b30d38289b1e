import { randomUUID } from 'node:crypto';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { loadConfiguration } from '../../../model/configuration.js';
import { ReportCollector } from '../../../quality/report/collect.js';
import { renderReport } from '../../../quality/report/render-report.js';
import type { CommandContext } from '../../command-context.js';
import { UsageError, messageOf } from '../../errors.js';
import { count } from '../../output/table.js';
import { serveReport } from '../../quality/report-server.js';
import { bucketStore } from '../../quality/bucket-store.js';
import { folderStore } from '../../quality/result-store.js';
import type { ResultFilter, ResultStore } from '../../quality/result-store.js';
import { serveUntilInterrupted } from '../../serve-until-interrupted.js';

/** Options of `sluice dq report`. */
export interface ReportOptions {
  readonly out?: string;
  readonly database?: string;
  readonly table?: string;
  readonly ruleset?: string;
  /** First and last day, `YYYY-MM-DD` in UTC, both included. */
  readonly from?: string;
  readonly to?: string;
  readonly results?: string;
  readonly serve?: boolean;
  readonly port?: number;
}

const defaultFile = 'dq-report.html';
const day = 24 * 60 * 60 * 1000;

/** A page with what it counts. */
interface MadeReport {
  readonly html: string;
  readonly counted: { readonly results: number; readonly rules: number; readonly failed: number };
  readonly skipped: readonly string[];
}

/**
 * `sluice dq report`: writes the scorecard of the kept results; the document is `{"file", "results", "rules", "failed"}`.
 * With `--serve` it is at `url` instead, made anew for each visit, until interrupted.
 */
export async function report(context: CommandContext, options: ReportOptions): Promise<void> {
  const { console, configFile, env } = context;
  const { database, table, ruleset } = options;
  if (options.port !== undefined && options.serve !== true) throw new UsageError('--port needs --serve');
  const filter: ResultFilter = { database, table, ruleset, ...range(options) };
  if (options.results !== undefined) await expectFolder(options.results);
  const store =
    options.results === undefined
      ? bucketStore(loadConfiguration({ file: configFile, env }).deployment.buckets.quality, env)
      : folderStore(resolve(options.results));
  try {
    const made = await make(store, filter);
    for (const skipped of made.skipped) console.note(`passed over ${skipped}`);
    if (options.serve === true) {
      await serve(context, made, () => make(store, filter), options.port ?? 0);
      return;
    }
    const file = resolve(options.out ?? defaultFile);
    await writeWhole(file, made.html);
    console.print(`${file}: ${summary(made)}`);
    console.document({ file, ...made.counted });
  } finally {
    store.close();
  }
}

async function make(store: ResultStore, filter: ResultFilter): Promise<MadeReport> {
  const collector = new ReportCollector();
  const skipped: string[] = [];
  for await (const found of store.scan(filter)) {
    if ('skipped' in found) skipped.push(found.skipped);
    else collector.add(found.result);
  }
  return { html: await renderReport(collector.data(new Date())), counted: collector.counted, skipped };
}

async function serve(
  { console }: CommandContext,
  first: MadeReport,
  again: () => Promise<MadeReport>,
  port: number
): Promise<void> {
  const page = async (): Promise<string> => (await again()).html;
  await serveUntilInterrupted(
    () => serveReport(page, port, (error) => console.note(`sluice: ${messageOf(error)}`)),
    `The report cannot be served on port ${port}`,
    ({ url }) => {
      console.print(`${url}  ${summary(first)}\nReload the page to read the results again. Ctrl-C ends.`);
      console.document({ url, ...first.counted });
    }
  );
}

function summary({ counted: { results, rules, failed } }: MadeReport): string {
  return `${count(results)} ${results === 1 ? 'result' : 'results'}, ${count(rules)} rules, ${count(failed)} not passed`;
}

/** Times from the first day's midnight to that after the last day. */
function range({ from, to }: ReportOptions): Pick<ResultFilter, 'from' | 'to'> {
  const first = dayOption('--from', from);
  const last = dayOption('--to', to);
  if (first !== undefined && last !== undefined && first > last) throw new UsageError('--from is after --to');
  return { from: first, ...(last !== undefined && { to: new Date(last.getTime() + day) }) };
}

function dayOption(option: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  if (z.iso.date().safeParse(text).success) return new Date(text);
  throw new UsageError(`${option} ${text}: a day is written 2026-03-01`);
}

async function expectFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch((error: unknown) => {
    throw new UsageError(`--results ${folder}: ${messageOf(error)}`, undefined, { cause: error });
  });
  if (!found.isDirectory()) throw new UsageError(`--results ${folder}: it is not a folder`);
}

/** Writes a file that is never there in part. */
async function writeWhole(file: string, text: string): Promise<void> {
  const part = `${file}.${randomUUID()}.part`;
  try {
    await writeFile(part, text, { flag: 'wx' });
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw new UsageError(`${file} cannot be written: ${messageOf(error)}`, undefined, { cause: error });
  }
}
