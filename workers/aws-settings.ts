/** Settings that all AWS clients take. */
export interface AwsSettings {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/**
 * Settings for the AWS clients of an environment. The SDK reads the process's own by itself, with profiles and roles;
 * of another one, such as a local environment's, Region, endpoint and access keys are spelled out.
 */
export function awsSettings(env: NodeJS.ProcessEnv): AwsSettings {
  if (env === process.env) return {};
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  return {
    ...(env.AWS_REGION ? { region: env.AWS_REGION } : {}),
    ...(env.AWS_ENDPOINT_URL ? { endpoint: env.AWS_ENDPOINT_URL } : {}),
    ...(accessKeyId && secretAccessKey
      ? { credentials: { accessKeyId, secretAccessKey, sessionToken: env.AWS_SESSION_TOKEN } }
      : {}),
  };
}

/** {@link awsSettings} for S3. Endpoints other than AWS's own have no DNS name for each bucket. */
export function s3Settings(env: NodeJS.ProcessEnv): AwsSettings & { readonly forcePathStyle: boolean } {
  return { ...awsSettings(env), forcePathStyle: Boolean(env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL) };
}
