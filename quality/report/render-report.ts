import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResultDocument } from '../results/result-document.js';
import { ReportCollector } from './collect.js';
import { embeddedJson } from './embedded-json.js';
import type { ReportData } from './report-data.js';

const dataMarker = '<!-- data -->';

let page: Promise<string> | undefined;

/** The page without data: what the build made, or, when the sources run as they are, made now. */
function emptyPage(): Promise<string> {
  if (import.meta.filename.endsWith('.ts')) {
    return import('./build-page.js').then(({ buildPage }) => buildPage(join(import.meta.dirname, 'page')));
  }
  return readFile(join(import.meta.dirname, 'page.html'), 'utf8');
}

/**
 * The scorecard as one HTML page that loads nothing: script, style and data stand in it, and its Content-Security-Policy
 * lets no other script run. Everything of the results is data, never markup.
 */
export async function renderReport(data: ReportData): Promise<string> {
  page ??= emptyPage();
  const [before = '', after = ''] = split(await page);
  return before + embeddedJson(data) + after;
}

function split(text: string): [string, string] {
  const at = text.indexOf(dataMarker);
  if (at === -1) throw new Error('the page of the scorecard has no place for data: build Sluice again (npm run build)');
  return [text.slice(0, at), text.slice(at + dataMarker.length)];
}

/**
 * The scorecard of results: each result id counts once; results without a time of completion cannot be placed and are
 * left out.
 */
export function reportOfResults(results: Iterable<ResultDocument>, generatedOn: Date): Promise<string> {
  const collector = new ReportCollector();
  for (const result of results) collector.add(result);
  return renderReport(collector.data(generatedOn));
}
