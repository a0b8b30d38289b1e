import { JobFailure } from '../../local/glue/index.js';
import type { JobContext, JobScript } from '../../local/glue/index.js';

/** Glue jobs that only write a report, unless a test holds them or makes them fail. By job name. */
export class ScriptedJobs {
  readonly #held = new Map<string, { readonly released: Promise<void>; readonly release: () => void }>();
  readonly #failing = new Map<string, string>();

  /** Keeps the job's runs going until the returned function is called, or they are stopped. */
  hold(jobName: string): () => void {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    this.#held.set(jobName, { released, release });
    return () => {
      this.#held.delete(jobName);
      release();
    };
  }

  /** Makes the job's runs fail until the returned function is called. */
  fail(jobName: string, message: string): () => void {
    this.#failing.set(jobName, message);
    return () => this.#failing.delete(jobName);
  }

  /** For `createGlue`. */
  get scripts(): Readonly<Record<string, JobScript>> {
    const script: JobScript = (context) => this.#run(context);
    return { 'raw_to_datalake.py': script, 'land.py': script };
  }

  async #run({ arguments: args, store, signal }: JobContext): Promise<void> {
    const uri = args['--report_uri'] ?? '';
    const [, bucket = '', key = '', job = ''] = /^s3:\/\/([^/]+)\/(.*\/([^/]+)\.json)$/.exec(uri) ?? [];
    const stopped = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
    });
    await Promise.race([this.#held.get(job)?.released, stopped]);
    const message = this.#failing.get(job);
    if (message !== undefined) throw new JobFailure(message);
    const items = Number(args['--expected_items'] ?? 0);
    const rejected = {
      items: job === 'land_other_job' ? 1 : 0,
      reasons: [{ itemType: 'other', items: 1, sampleKeys: [{ PK: { S: 'secret-key' } }] }],
    };
    const report = {
      version: 1,
      job,
      runKey: args['--run_key'],
      itemsRead: items,
      bytesRead: 10,
      rows: { all: items },
    };
    await store.putObject(bucket, key, JSON.stringify({ ...report, rejected, files: [] }));
  }
}
