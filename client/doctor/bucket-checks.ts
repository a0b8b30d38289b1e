import {
  GetBucketEncryptionCommand,
  GetBucketLocationCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
} from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Deployment } from '../../model/configuration.js';
import { fail, ok, warn } from './check.js';
import type { Check, Outcome } from './check.js';

/** What S3 says about a bucket in an error; a redirect names the bucket's own Region in a header. */
interface S3Error extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

async function regionOf(s3: S3Client, bucket: string, abortSignal: AbortSignal): Promise<string | undefined> {
  try {
    const { BucketRegion: region } = await s3.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal });
    if (region !== undefined) return region;
    const { LocationConstraint: place } = await s3.send(new GetBucketLocationCommand({ Bucket: bucket }), {
      abortSignal,
    });
    return place || 'us-east-1';
  } catch (error) {
    const { $metadata: { httpStatusCode: status } = {}, $response: response } = error as S3Error;
    if (status === 301 || status === 400) {
      const region = response?.headers?.['x-amz-bucket-region'];
      if (region !== undefined) return region;
    }
    if (status === 404) return undefined;
    throw error;
  }
}

function placeOutcome(setting: string, bucket: string, home: string | undefined, region: string): Outcome {
  if (home === undefined) {
    const message = `there is no bucket ${bucket}`;
    return fail(message, `Create it in ${region}, or name the right one as buckets.${setting} in sluice.yaml.`);
  }
  if (home !== region) {
    const message = `${bucket} is in ${home}, but the Region is ${region}`;
    return fail(message, `Use a bucket in ${region} as buckets.${setting}, or set AWS_REGION=${home}.`);
  }
  return ok(`${bucket} is in ${home}`);
}

/** One of the buckets: there, in this Region, encrypted and not open to the public. */
function bucketChecks(s3: S3Client, setting: string, bucket: string): Check[] {
  const [place, encryption, access] = [`s3.${setting}`, `s3.${setting}.encryption`, `s3.${setting}.public-access`];
  const Bucket = bucket;
  const isCode = (error: unknown, ...codes: string[]): boolean => error instanceof Error && codes.includes(error.name);
  return [
    {
      names: [place],
      run: async (signal) => {
        const region = await s3.config.region();
        return { [place]: placeOutcome(setting, bucket, await regionOf(s3, bucket, signal), region) };
      },
    },
    {
      names: [encryption],
      async run(abortSignal): Promise<Record<string, Outcome>> {
        try {
          const answer = await s3.send(new GetBucketEncryptionCommand({ Bucket }), { abortSignal });
          const [rule] = answer.ServerSideEncryptionConfiguration?.Rules ?? [];
          const algorithm = rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm;
          if (algorithm !== undefined) return { [encryption]: ok(`${bucket}: ${algorithm}`) };
        } catch (error) {
          if (isCode(error, 'NoSuchBucket', 'PermanentRedirect')) return {};
          if (!isCode(error, 'ServerSideEncryptionConfigurationNotFoundError')) throw error;
        }
        const advice = `Set a default encryption on ${bucket}: aws s3api put-bucket-encryption.`;
        return { [encryption]: warn(`${bucket} has no default encryption of its own`, advice) };
      },
    },
    {
      names: [access],
      async run(abortSignal): Promise<Record<string, Outcome>> {
        let open: string[] = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'];
        try {
          const answer = await s3.send(new GetPublicAccessBlockCommand({ Bucket }), { abortSignal });
          const settings = { ...answer.PublicAccessBlockConfiguration } as Record<string, boolean | undefined>;
          open = open.filter((name) => settings[name] !== true);
        } catch (error) {
          if (isCode(error, 'NoSuchBucket', 'PermanentRedirect')) return {};
          if (!isCode(error, 'NoSuchPublicAccessBlockConfiguration')) throw error;
        }
        if (open.length === 0) return { [access]: ok(`${bucket} blocks public access`) };
        return {
          [access]: fail(
            `${bucket} may be opened to the public: ${open.join(', ')} not set`,
            `aws s3api put-public-access-block --bucket ${bucket} --public-access-block-configuration ` +
              'BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true'
          ),
        };
      },
    },
  ];
}

/** All buckets of a deployment. */
export function allBucketChecks(s3: S3Client, buckets: Deployment['buckets']): Check[] {
  return Object.entries(buckets).flatMap(([setting, bucket]) => bucketChecks(s3, setting, bucket));
}
