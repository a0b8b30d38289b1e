import type { EltWorkflowOptions } from './elt-run.js';

/** A workflow of a batch: its type's arguments and how it is started, as `eltWorkflowOptions` gives them. */
export interface BatchRun extends Partial<Omit<EltWorkflowOptions, 'args' | 'workflowId'>> {
  readonly workflowId: string;
  readonly args: readonly unknown[];
}

/** Where a batch's pages stand: `<prefix>/page-000001.json` and so on, each a JSON array of {@link BatchRun}. */
export interface BatchPages {
  readonly bucket: string;
  /** Without a slash at its end. */
  readonly prefix: string;
  readonly pages: number;
}

/** Bytes; with the envelope that Temporal adds, below its limit of 2 MB for a payload. */
const maximumPageBytes = 1_500_000;

/** Key of a page, numbered from 1. */
export const batchPageKey = (prefix: string, page: number): string =>
  `${prefix}/page-${String(page).padStart(6, '0')}.json`;

/** Divides runs into pages, as JSON, each small enough for the activity `readBatchPage`. */
export function batchPages(runs: Iterable<BatchRun>): string[] {
  const pages: string[] = [];
  let page: string[] = [];
  let size = 0;
  for (const run of runs) {
    const text = JSON.stringify(run);
    const bytes = new TextEncoder().encode(text).length + 1;
    if (page.length > 0 && (size + bytes > maximumPageBytes || page.length === 100)) {
      pages.push(`[${page.join(',')}]`);
      [page, size] = [[], 0];
    }
    page.push(text);
    size += bytes;
  }
  return page.length === 0 ? pages : [...pages, `[${page.join(',')}]`];
}
