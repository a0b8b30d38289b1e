import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { ClassicLevel } from 'classic-level';
import { startGateway } from '../../../local/gateway/index.js';
import type { Interceptor } from '../../../local/gateway/index.js';
import type { HttpService } from '../../../local/gateway/service.js';
import { createS3 } from '../../../local/s3/index.js';
import type { ObjectStore } from '../../../local/s3/object-store.js';
import { createSecretsManager } from '../../../local/secrets-manager/index.js';
import { createSts } from '../../../local/sts/index.js';
import { TemporarySessions } from '../../../local/sts/sessions.js';

export const account = '000000000000';
export const region = 'us-east-1';
export const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

const elsewhere: HttpService = {
  name: 'elsewhere',
  handle: () => Promise.reject(new Error('only S3, STS and Secrets Manager are here')),
  close: () => Promise.resolve(),
};

/** A local S3 (and STS, and Secrets Manager) over real HTTP, in a folder of its own. */
export interface LocalS3 {
  readonly folder: string;
  url: string;
  client: S3Client;
  store: ObjectStore;
  /** How often each operation was called. */
  calls(): Record<string, number>;
  /** A client with other settings. */
  connect(config: S3ClientConfig): S3Client;
  /** Stops everything and starts it again on the same folder; `between` runs while only the index is open. */
  restart(between?: (db: ClassicLevel<string, string>) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param options.parent where the folder is made; the system's temporary one when not given.
 * @param options.clock by which temporary credentials expire, milliseconds since the epoch.
 */
export async function startLocalS3(
  options: {
    readonly parent?: string;
    readonly intercept?: readonly Interceptor[];
    readonly clock?: () => number;
  } = {}
): Promise<LocalS3> {
  const folder = await mkdtemp(join(options.parent ?? tmpdir(), 'sluice s3-'));
  const start = async (): Promise<Pick<LocalS3, 'url' | 'client' | 'store' | 'calls'> & { stop(): Promise<void> }> => {
    const db = new ClassicLevel<string, string>(join(folder, 'db'));
    await db.open();
    const sessions = await TemporarySessions.open(db, options.clock);
    const { service: s3, store } = await createS3({ folder: join(folder, 's3'), db, region, sessions });
    const secrets = await createSecretsManager({ db, account, region });
    const services = { json: [secrets], dynamodb: elsewhere, sts: createSts({ account, sessions }), s3 };
    const faults: unknown[] = [];
    const gateway = await startGateway({
      services,
      account,
      region,
      intercept: options.intercept,
      onFault: (error) => faults.push(error),
    });
    const client = new S3Client({ endpoint: gateway.url, region, credentials, maxAttempts: 1 });
    const stop = async (): Promise<void> => {
      client.destroy();
      await gateway.close();
      await db.close();
      if (faults.length > 0) throw new AggregateError(faults, 'the local AWS failed');
    };
    return { url: gateway.url, client, store, calls: () => gateway.calls(), stop };
  };
  let running = await start();
  const local: LocalS3 = {
    folder,
    ...running,
    connect: (config) => new S3Client({ endpoint: local.url, region, credentials, maxAttempts: 1, ...config }),
    restart: async (between) => {
      await running.stop();
      if (between) {
        const db = new ClassicLevel<string, string>(join(folder, 'db'));
        await db.open();
        await between(db).finally(() => db.close());
      }
      running = await start();
      Object.assign(local, running);
    },
    close: async () => {
      try {
        await running.stop();
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
  return local;
}
