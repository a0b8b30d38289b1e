import { z } from 'zod';

/** Where the credentials are put: exactly one of the two is set. */
export interface CredentialsTarget {
  readonly secretsManager?: {
    /** Name or ARN of a secret that exists. */
    readonly secretId: string;
  };
  readonly keyVault?: {
    /** `https://<vault>.vault.azure.net`. */
    readonly url: string;
    /** Name of the secret; it is made when absent. */
    readonly secret: string;
  };
}

/** Temporary credentials that are kept fresh, as `sluice.yaml` declares them, with all defaults: no secrets in it. */
export interface CredentialsDeclaration {
  /** Lower-case letters, digits and hyphens; part of the workflow's id. */
  readonly name: string;
  readonly roleArn: string;
  readonly sessionName: string;
  readonly externalId?: string;
  /** Lifetime of the credentials, 900 to 43,200. */
  readonly durationSeconds: number;
  /** Session policy as JSON text; undefined leaves the role all its permissions. */
  readonly sessionPolicy?: string;
  readonly target: CredentialsTarget;
  /** What is read of the lake with new credentials before they replace the old ones. */
  readonly verify: { readonly bucket: string; readonly prefix: string };
  /** AWS Region of the lake, for the readers; the worker's own when undefined. */
  readonly region?: string;
}

/** Characters that STS takes of a session policy. */
const maximumPolicy = 2_048;

/**
 * The session policy of readers: objects below the prefix, and the names of the bucket's keys. The names are not
 * narrowed to the prefix: S3 answers 403 instead of 404 for an object that is not there unless listing is allowed
 * without a condition, and Hadoop's S3A looks for such objects.
 */
export function readPolicy({
  roleArn,
  verify,
  kmsKeyArn,
}: Pick<CredentialsDeclaration, 'roleArn' | 'verify'> & { readonly kmsKeyArn?: string }): string {
  const bucket = `arn:${roleArn.split(':')[1] ?? 'aws'}:s3:::${verify.bucket}`;
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 's3:GetObject', Resource: `${bucket}/${verify.prefix}*` },
      { Effect: 'Allow', Action: ['s3:ListBucket', 's3:GetBucketLocation'], Resource: bucket },
      ...(kmsKeyArn === undefined ? [] : [{ Effect: 'Allow', Action: 'kms:Decrypt', Resource: kmsKeyArn }]),
    ],
  });
}

const secretsManager = z.strictObject({
  secretId: z
    .string()
    .regex(
      /^(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:)?[A-Za-z0-9/_+=.@-]{1,512}$/,
      'not the name or ARN of a Secrets Manager secret'
    ),
});

const keyVault = z.strictObject({
  url: z.string().superRefine((text, context) => {
    const url = URL.canParse(text) ? new URL(text) : null;
    const isLoopback = url !== null && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
    const isBare = url !== null && url.username === '' && url.search === '' && url.pathname === '/';
    if (isBare && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback))) return;
    const message = 'not the URL of a Key Vault, like https://<vault>.vault.azure.net (http:// only to this machine)';
    context.addIssue({ code: 'custom', message });
  }),
  secret: z
    .string()
    .regex(/^[0-9A-Za-z-]{1,127}$/, 'not the name of a Key Vault secret: 1 to 127 letters, digits and hyphens'),
});

const target = z
  .strictObject({ secretsManager: secretsManager.optional(), keyVault: keyVault.optional() })
  .superRefine((given, context) => {
    const count = [given.secretsManager, given.keyVault].filter((one) => one !== undefined).length;
    if (count === 1) return;
    context.addIssue({ code: 'custom', message: 'name one of secretsManager and keyVault' });
  });

const sessionPolicy = z.union(
  [
    z.literal('none'),
    z.looseObject({ Version: z.string(), Statement: z.union([z.looseObject({}), z.array(z.looseObject({})).min(1)]) }),
  ],
  'neither none nor a policy with Version and Statement'
);

const declaration = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$/, 'not a name: 1 to 60 lower-case letters, digits and hyphens'),
    roleArn: z
      .string()
      .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/(?:[!-~]+\/)?[\w+=,.@-]{1,64}$/, 'not the ARN of an IAM role'),
    sessionName: z
      .string()
      .regex(/^[\w+=,.@-]{2,64}$/, 'not a session name: 2 to 64 letters, digits and any of _+=,.@-')
      .optional(),
    externalId: z
      .string()
      .regex(/^[\w+=,.@:/-]{2,1224}$/, 'not an external id: 2 to 1224 letters, digits and any of _+=,.@:/-')
      .optional(),
    durationSeconds: z
      .number()
      .int('not a whole number of seconds')
      .min(900, 'STS gives credentials for 900 seconds at least')
      .max(43_200, 'STS gives credentials for 43200 seconds (12 hours) at most')
      .default(3_600),
    sessionPolicy: sessionPolicy.optional(),
    kmsKeyArn: z
      .string()
      .regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/, 'not the ARN of a KMS key')
      .optional(),
    target,
    verify: z.strictObject({
      bucket: z.string().min(3).max(63).optional(),
      prefix: z.string().regex(/^[^*?$/][^*?$]*\/$/, 'not a prefix: it ends with / and has none of *, ? and $'),
    }),
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'not a Region, like eu-west-1')
      .optional(),
  })
  .superRefine((one, context) => {
    if (one.kmsKeyArn !== undefined && one.sessionPolicy !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['kmsKeyArn'],
        message: 'is of the policy that sessionPolicy replaces',
      });
    }
  });

/** The `credentials` of `sluice.yaml`, before the defaults that come from the rest of it. */
export const credentialsSchema = z.array(declaration).superRefine((all, context) => {
  const problem = (index: number, path: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [index, path], message });
  all.forEach((one, index) => {
    const earlier = all.slice(0, index);
    if (earlier.some(({ name }) => name === one.name)) problem(index, 'name', 'other credentials have this name');
    if (earlier.some((other) => JSON.stringify(other.target) === JSON.stringify(one.target))) {
      problem(index, 'target', 'other credentials are put there');
    }
    if (typeof one.sessionPolicy === 'object' && JSON.stringify(one.sessionPolicy).length > maximumPolicy) {
      problem(index, 'sessionPolicy', `longer than the ${maximumPolicy} characters that STS takes`);
    }
  });
});

/** The declarations with their defaults. @param lake the bucket that is verified unless another is named. */
export function resolveCredentials(
  declared: z.output<typeof credentialsSchema>,
  lake: string
): readonly CredentialsDeclaration[] {
  return declared.map(({ kmsKeyArn, sessionPolicy: policy, verify, sessionName, ...one }) => {
    const read = { bucket: verify.bucket ?? lake, prefix: verify.prefix };
    const text =
      policy === undefined
        ? readPolicy({ roleArn: one.roleArn, verify: read, kmsKeyArn })
        : policy === 'none'
          ? undefined
          : JSON.stringify(policy);
    return {
      ...one,
      sessionName: sessionName ?? `sluice-${one.name}`.slice(0, 64),
      verify: read,
      ...(text !== undefined && { sessionPolicy: text }),
    };
  });
}
