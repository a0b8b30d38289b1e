import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { ArnPrincipal, ManagedPolicy, PolicyDocument, Role } from 'aws-cdk-lib/aws-iam';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { readPolicy } from '../model/credentials.js';
import type { Configuration } from '../model/index.js';
import { acknowledge } from './acknowledge.js';
import { wildcardReasons } from './iam/wildcards.js';

type Credentials = NonNullable<Configuration['credentials']>;

/** STS gives no more to a role that takes on another one, as the worker's does. */
const longestSession = Duration.hours(1);

/**
 * What `credentials` of `sluice.yaml` names: the roles that readers of the lake get temporary credentials of, which only
 * the worker may take on, and the secrets that they find them in.
 */
export class Readers extends Construct {
  readonly roles: readonly string[];
  readonly secrets: readonly string[];

  constructor(
    scope: Construct,
    props: { readonly credentials: Credentials; readonly worker: IRole; readonly key: Key }
  ) {
    super(scope, 'Readers');
    const { credentials, worker, key } = props;
    const byRole = new Map(credentials.map((one) => [one.roleArn, one]));
    for (const { name, roleArn, verify, externalId } of byRole.values()) {
      const document = JSON.parse(readPolicy({ roleArn, verify, kmsKeyArn: key.keyArn })) as {
        Statement: { Resource: string }[];
      };
      const policy = new ManagedPolicy(this, `${name}-policy`, {
        description: 'What readers of the lake may read',
        document: PolicyDocument.fromJson(document),
      });
      acknowledge(policy, wildcardReasons(document.Statement.map(({ Resource }) => Stack.of(this).resolve(Resource))));
      new Role(this, name, {
        roleName: roleArn.split('/').at(-1),
        description: 'Readers of the lake of Sluice',
        assumedBy: new ArnPrincipal(worker.roleArn),
        externalIds: externalId === undefined ? [] : [externalId],
        maxSessionDuration: longestSession,
        managedPolicies: [policy],
      });
    }
    this.roles = [...byRole.keys()];
    this.secrets = credentials.flatMap(({ name, target }) => {
      const id = target.secretsManager?.secretId;
      return id === undefined ? [] : [id.startsWith('arn:') ? id : this.secret(name, id, key)];
    });
  }

  /** ARN of a new secret; it holds no credentials until the first refresh. */
  private secret(name: string, secretName: string, encryptionKey: Key): string {
    const secret = new Secret(this, `${name}-secret`, {
      secretName,
      encryptionKey,
      description: 'Temporary credentials for readers of the lake of Sluice',
      removalPolicy: RemovalPolicy.RETAIN,
    });
    acknowledge(secret, { 'AwsSolutions-SMG4': 'The credentials workflow of Sluice puts new credentials in.' });
    return secret.secretArn;
  }
}
