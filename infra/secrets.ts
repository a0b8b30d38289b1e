import { RemovalPolicy } from 'aws-cdk-lib';
import { Secret as ContainerSecret } from 'aws-cdk-lib/aws-ecs';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { SecretProps } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.js';
import type { Settings } from './settings.js';

/** What of the worker's secrets a deployment has. */
export interface WorkerSecretsProps {
  readonly key: Key;
  readonly auth: Settings['temporalAuth'];
  readonly encryptPayloads: boolean;
}

/**
 * What the worker shows to Temporal, an API key, or a client certificate with its key (JSON, `cert` and `key`, PEM), and
 * the key of encrypted payloads. The secrets are made with values that nobody takes; docs/deploy.md says how to put in the
 * real ones.
 */
export class WorkerSecrets extends Construct {
  /** Environment variables of the worker's container. */
  readonly environment: Readonly<Record<string, ContainerSecret>>;
  readonly temporalArn: string | undefined;
  readonly payloadKeyArn: string | undefined;

  constructor(scope: Construct, { key, auth, encryptPayloads }: WorkerSecretsProps) {
    super(scope, 'WorkerSecrets');
    const secret = (id: string, description: string, more: SecretProps = {}): Secret => {
      const made = new Secret(this, id, {
        description,
        encryptionKey: key,
        removalPolicy: RemovalPolicy.RETAIN,
        ...more,
      });
      acknowledge(made, {
        'AwsSolutions-SMG4': 'People make it: nothing on AWS could rotate it. docs/deploy.md has the steps.',
      });
      return made;
    };
    const environment: Record<string, ContainerSecret> = {};
    if (auth === 'api-key') {
      const apiKey = secret('ApiKey', 'API key for Temporal');
      environment['TEMPORAL_API_KEY'] = ContainerSecret.fromSecretsManager(apiKey);
      this.temporalArn = apiKey.secretArn;
    } else if (auth === 'mtls') {
      const certificate = secret('ClientCertificate', 'Client certificate for Temporal, {"cert": PEM, "key": PEM}', {
        generateSecretString: { secretStringTemplate: '{"cert": ""}', generateStringKey: 'key' },
      });
      environment['TEMPORAL_TLS_CLIENT_CERT_DATA'] = ContainerSecret.fromSecretsManager(certificate, 'cert');
      environment['TEMPORAL_TLS_CLIENT_KEY_DATA'] = ContainerSecret.fromSecretsManager(certificate, 'key');
      this.temporalArn = certificate.secretArn;
    }
    if (encryptPayloads) {
      const payloadKey = secret('PayloadKey', 'SLUICE_PAYLOAD_KEY: what payloads are encrypted by');
      environment['SLUICE_PAYLOAD_KEY'] = ContainerSecret.fromSecretsManager(payloadKey);
      this.payloadKeyArn = payloadKey.secretArn;
    }
    this.environment = environment;
  }
}
