import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseResultDocument, resultKey } from '../../quality/results/result-document.js';
import type { ResultDocument } from '../../quality/results/result-document.js';
import { UsageError, messageOf } from '../errors.js';

/** Which results are listed. */
export interface ResultFilter {
  readonly database?: string;
  readonly table?: string;
  readonly ruleset?: string;
  /** Completed at or after. */
  readonly from?: Date;
  /** Completed before. */
  readonly to?: Date;
  /** Only those with a rule that did not pass. */
  readonly failed?: boolean;
  /** At most this many. */
  readonly limit?: number;
}

/** A result with where it is kept. */
export interface KeptResult {
  readonly uri: string;
  readonly result: ResultDocument;
}

/** Kept results: the quality bucket, or a folder laid out like it. */
export interface ResultStore {
  /** Results that match, the latest first. Objects that are no results are passed over, and named by `skipped`. */
  list(filter?: ResultFilter): Promise<{ readonly results: KeptResult[]; readonly skipped: string[] }>;
  /**
   * Results that match, day by day, the latest day first, of which only a few are held at a time. One without a time
   * of completion, as AWS's sample writes them, is of the day that its key says.
   */
  scan(filter?: ResultFilter): AsyncIterable<KeptResult | { readonly skipped: string }>;
  /** The result of an id, or undefined. */
  find(resultId: string): Promise<KeptResult | undefined>;
  /** Keeps a result; the same one twice is one. Returns where. */
  keep(result: ResultDocument): Promise<string>;
  close(): void;
}

/** Where the files of a {@link ResultStore} are. */
export interface ResultFiles {
  /** Keys of all results, in any order. */
  keys(): Promise<string[]>;
  read(key: string): Promise<string>;
  write(key: string, text: string): Promise<void>;
  uri(key: string): string;
  close(): void;
}

/** Results in a folder, laid out as in the quality bucket. */
export function folderStore(folder: string): ResultStore {
  return storeOf({
    async keys() {
      const found = await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw new UsageError(`${folder}: ${error.message}`, undefined, { cause: error });
      });
      return found.filter((name) => name.endsWith('.json'));
    },
    read: (key) => readFile(join(folder, key), 'utf8'),
    async write(key, text) {
      const file = join(folder, key);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(`${file}.part`, text);
      await rename(`${file}.part`, file);
    },
    uri: (key) => join(folder, key),
    close: () => undefined,
  });
}

/** Results that are read at the same time. */
const reading = 16;

/** The day that a key says, `yyyy-MM-dd`: results of other days need not be read. */
function dayOf(key: string): string | undefined {
  const match = /year=(\d{4})\/month=(\d{2})\/day=(\d{2})\//.exec(key.replaceAll('\\', '/'));
  return match?.slice(1).join('-');
}

/** The store of results that lie in these files. */
export function storeOf(files: ResultFiles): ResultStore {
  const inRange =
    ({ from, to }: ResultFilter) =>
    (key: string): boolean => {
      const day = dayOf(key);
      if (day === undefined) return true;
      return (
        (from === undefined || day >= from.toISOString().slice(0, 10)) &&
        (to === undefined || day <= to.toISOString().slice(0, 10))
      );
    };
  const load = async (key: string): Promise<KeptResult | { readonly skipped: string }> => {
    const uri = files.uri(key);
    const text = await files.read(key);
    try {
      const result = parseResultDocument(text);
      const day = dayOf(key);
      if (result.completedOn !== '' || day === undefined) return { uri, result };
      return { uri, result: { ...result, completedOn: `${day}T00:00:00.000Z` } };
    } catch (error) {
      return { skipped: `${uri}: ${messageOf(error)}` };
    }
  };
  async function* scan(filter: ResultFilter = {}): AsyncGenerator<KeptResult | { readonly skipped: string }> {
    const byDay = new Map<string, string[]>();
    for (const key of (await files.keys()).filter(inRange(filter))) {
      const day = dayOf(key) ?? '';
      const ofDay = byDay.get(day);
      if (ofDay === undefined) byDay.set(day, [key]);
      else ofDay.push(key);
    }
    let found = 0;
    for (const [, keys] of [...byDay].sort(([a], [b]) => newest(a, b))) {
      // What is older than enough results need not be read.
      if (found >= (filter.limit ?? Infinity)) break;
      for (let at = 0; at < keys.length; at += reading) {
        for (const loaded of await Promise.all(keys.slice(at, at + reading).map(load))) {
          if ('skipped' in loaded) yield loaded;
          else if (matches(loaded.result, filter)) {
            found += 1;
            yield loaded;
          }
        }
      }
    }
  }
  return {
    scan,
    async list(filter = {}) {
      const results: KeptResult[] = [];
      const skipped: string[] = [];
      for await (const loaded of scan(filter)) {
        if ('skipped' in loaded) skipped.push(loaded.skipped);
        else results.push(loaded);
      }
      results.sort((a, b) => newest(a.result.completedOn, b.result.completedOn) || newest(a.uri, b.uri));
      return { results: results.slice(0, filter.limit), skipped };
    },
    async find(resultId) {
      const key = (await files.keys()).find(
        (name) => name.replaceAll('\\', '/').split('/').at(-1) === `${resultId}.json`
      );
      if (key === undefined) return undefined;
      const loaded = await load(key);
      if ('skipped' in loaded) throw new UsageError(loaded.skipped);
      return loaded;
    },
    async keep(result) {
      const key = resultKey(result);
      await files.write(key, JSON.stringify(result));
      return files.uri(key);
    },
    close: () => files.close(),
  };
}

const newest = (a = '', b = ''): number => (a < b ? 1 : a > b ? -1 : 0);

function matches(result: ResultDocument, { database, table, ruleset, from, to, failed }: ResultFilter): boolean {
  const at = Date.parse(result.completedOn);
  return (
    (database === undefined || result.databaseName === database) &&
    (table === undefined || result.tableName === table) &&
    (ruleset === undefined || result.ruleset_name === ruleset) &&
    (from === undefined || at >= from.getTime()) &&
    (to === undefined || at < to.getTime()) &&
    (failed !== true || result.state !== 'SUCCEEDED')
  );
}
