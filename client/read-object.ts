import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { splitS3Uri } from '../model/s3-uri.js';
import { s3Settings } from '../workers/aws-settings.js';

/** Text of an S3 object. @throws RangeError for a URI of another kind; the SDK's error when it cannot be read. */
export async function objectText(s3: S3Client, uri: string): Promise<string> {
  const object = splitS3Uri(uri);
  if (object === undefined) throw new RangeError(`${uri} is no S3 URI`);
  const { Body } = await s3.send(new GetObjectCommand(object));
  return (await Body?.transformToString('utf8')) ?? '';
}

/** {@link objectText} through a client of its own. */
export async function readObject(uri: string, env: NodeJS.ProcessEnv): Promise<string> {
  const s3 = new S3Client(s3Settings(env));
  try {
    return await objectText(s3, uri);
  } finally {
    s3.destroy();
  }
}
