import type { ServerSideEncryption } from '@aws-sdk/client-s3';
import type { ObjectHead, ObjectPlace } from './object-head.js';

/** The parameter `CopySource`: the key is encoded, its slashes are not. */
export const copySource = ({ bucket, key }: ObjectPlace): string =>
  `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;

/** Encryption parameters that give a copy what the source has; by itself a copy takes the bucket's default. */
export function encryptionOf(source: ObjectHead['output']): {
  readonly ServerSideEncryption?: ServerSideEncryption;
  readonly SSEKMSKeyId?: string;
  readonly BucketKeyEnabled?: boolean;
} {
  const { ServerSideEncryption: algorithm, SSEKMSKeyId, BucketKeyEnabled } = source;
  if (algorithm === undefined) return {};
  if (algorithm === 'AES256') return { ServerSideEncryption: algorithm };
  return {
    ServerSideEncryption: algorithm,
    ...(SSEKMSKeyId !== undefined && { SSEKMSKeyId }),
    ...(BucketKeyEnabled !== undefined && { BucketKeyEnabled }),
  };
}
