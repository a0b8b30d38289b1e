import type { S3Client } from '@aws-sdk/client-s3';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { classifyError } from '../error-classes.js';
import { StepError } from '../failures.js';

const advice =
  'Check the permissions of the role, the bucket’s policy, the session policy, and the KMS key of the bucket (kmsKeyArn).';

/**
 * Reads the lake as a reader does: lists a prefix, and reads a byte of an object in it. A lake without objects, as it is
 * while a run archives it, is listed only.
 * @throws StepError which says what was refused; `Transient` unless the refusal is of permission.
 */
export async function verifyRead(
  s3: S3Client,
  { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
  abortSignal: AbortSignal
): Promise<void> {
  const resource = `reading s3://${bucket}/${prefix} with the new credentials`;
  for (let look = 1; ; look += 1) {
    try {
      const list = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 100 });
      const { Contents = [] } = await s3.send(list, { abortSignal });
      const [Key, Range] = [Contents.find(({ Size = 0 }) => Size > 0)?.Key, 'bytes=0-0'];
      if (Key === undefined) return;
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key, Range }), { abortSignal });
      await Body?.transformToByteArray();
      return;
    } catch (error) {
      const { name, message, errorClass } = classifyError(error);
      if (name === 'NoSuchKey' && look < 3) continue; // a run has archived it in between
      const isExpired = /^ExpiredToken/.test(name);
      throw new StepError(isExpired ? 'Transient' : errorClass, resource, `${name}: ${message}`, advice);
    }
  }
}
