import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { awsSettings } from '../../workers/aws-settings.js';

/** Text of an S3 object. @throws RangeError for a URI of another kind; the SDK's error when it cannot be read. */
export async function readObject(uri: string, env: NodeJS.ProcessEnv): Promise<string> {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  if (Bucket === undefined) throw new RangeError(`${uri} is no S3 URI`);
  const s3 = new S3Client({
    ...awsSettings(env),
    forcePathStyle: Boolean(env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL),
  });
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return (await Body?.transformToString('utf8')) ?? '';
  } finally {
    s3.destroy();
  }
}
