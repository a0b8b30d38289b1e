import { RemovalPolicy } from 'aws-cdk-lib';
import { Secret as ContainerSecret } from 'aws-cdk-lib/aws-ecs';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.js';
import type { Settings } from './settings.js';

/**
 * What the worker shows to Temporal: an API key, or a client certificate with its key (JSON, `cert` and `key`, PEM). The
 * secret is made with a value that no Temporal takes; docs/deploy.md says how to put in the real one.
 */
export class TemporalSecrets extends Construct {
  /** Environment variables of the worker's container. */
  readonly environment: Readonly<Record<string, ContainerSecret>>;
  readonly arn: string | undefined;

  constructor(scope: Construct, { key, auth }: { readonly key: Key; readonly auth: Settings['temporalAuth'] }) {
    super(scope, 'TemporalSecrets');
    if (auth === 'none') {
      this.environment = {};
      return;
    }
    const secret = new Secret(this, auth === 'mtls' ? 'ClientCertificate' : 'ApiKey', {
      description:
        auth === 'mtls' ? 'Client certificate for Temporal, {"cert": PEM, "key": PEM}' : 'API key for Temporal',
      encryptionKey: key,
      removalPolicy: RemovalPolicy.RETAIN,
      ...(auth === 'mtls' && {
        generateSecretString: { secretStringTemplate: '{"cert": ""}', generateStringKey: 'key' },
      }),
    });
    acknowledge(secret, {
      'AwsSolutions-SMG4': 'Temporal issues it: nothing on AWS could rotate it. docs/deploy.md has the steps.',
    });
    this.arn = secret.secretArn;
    this.environment =
      auth === 'mtls'
        ? {
            TEMPORAL_TLS_CLIENT_CERT_DATA: ContainerSecret.fromSecretsManager(secret, 'cert'),
            TEMPORAL_TLS_CLIENT_KEY_DATA: ContainerSecret.fromSecretsManager(secret, 'key'),
          }
        : { TEMPORAL_API_KEY: ContainerSecret.fromSecretsManager(secret) };
  }
}
