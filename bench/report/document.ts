import { readFileSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format } from 'oxfmt';
import { performancePage } from './performance-page.js';
import { resultsFolder } from './report.js';
import type { PublishedResult } from './report.js';

const page = join(import.meta.dirname, '..', '..', 'docs', 'performance.md');

/** docs/performance.md as the results of `bench/results` make it, formatted. */
export async function documentText(): Promise<string> {
  const files = readdirSync(resultsFolder).filter((name) => name.endsWith('.json'));
  const results = files
    .map((name) => JSON.parse(readFileSync(join(resultsFolder, name), 'utf8')) as PublishedResult)
    .sort((left, right) => left.bench.localeCompare(right.bench, 'en', { numeric: true }));
  const { code, errors } = await format(page, performancePage(results));
  if (errors.length > 0) throw new Error(`docs/performance.md: ${errors.map(({ message }) => message).join('; ')}`);
  return code;
}

/** Writes docs/performance.md. */
export async function writeDocument(): Promise<void> {
  await writeFile(page, await documentText());
}
