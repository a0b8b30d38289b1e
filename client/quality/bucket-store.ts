import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { resultsPrefix } from '../../quality/results/result-document.js';
import { s3Settings } from '../../workers/aws-settings.js';
import { UsageError, messageOf } from '../errors.js';
import { storeOf } from './result-store.js';
import type { ResultStore } from './result-store.js';

/** Results in the quality bucket. */
export function bucketStore(bucket: string, env: NodeJS.ProcessEnv): ResultStore {
  const s3 = new S3Client(s3Settings(env));
  const reached = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw new UsageError(`The quality bucket ${bucket} cannot be used: ${messageOf(error)}`, undefined, {
        cause: error,
      });
    });
  return storeOf({
    async keys() {
      const keys: string[] = [];
      let ContinuationToken: string | undefined;
      do {
        const page = await reached(
          s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: resultsPrefix, ContinuationToken }))
        );
        keys.push(...(page.Contents ?? []).flatMap(({ Key }) => (Key?.endsWith('.json') ? [Key] : [])));
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
      return keys;
    },
    async read(key) {
      const { Body } = await reached(s3.send(new GetObjectCommand({ Bucket: bucket, Key: key })));
      return (await Body?.transformToString('utf8')) ?? '';
    },
    async write(key, text) {
      const ContentType = 'application/json';
      await reached(s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text, ContentType })));
    },
    uri: (key) => `s3://${bucket}/${key}`,
    close: () => s3.destroy(),
  });
}
