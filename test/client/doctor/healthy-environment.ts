import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfirmSubscriptionCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { diagnose } from '../../../client/doctor/diagnose.js';
import type { DiagnosisOptions } from '../../../client/doctor/diagnose.js';
import type { CheckResult } from '../../../client/doctor/check.js';
import { putJobScripts } from '../../../client/environment/put-job-scripts.js';
import { alertsTopicArn, startEnvironment } from '../../../local/environment/index.js';
import type { Environment } from '../../../local/environment/index.js';
import { loadConfiguration } from '../../../model/configuration.js';
import { compile, loadModel } from '../../../model/index.js';
import { startWorker } from '../../../workers/index.js';
import { recordingContext } from '../recording-console.js';
import { root } from '../sluice.js';

/** Somebody who is told of failures: an HTTP endpoint that confirms its subscription. */
async function subscribe(sns: SNSClient): Promise<{ close(): Promise<void> }> {
  let confirmed: () => void;
  const done = new Promise<void>((resolve) => (confirmed = resolve));
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      response.end();
      const { Token } = JSON.parse(body) as { Token?: string };
      if (Token !== undefined) {
        void sns.send(new ConfirmSubscriptionCommand({ TopicArn: alertsTopicArn, Token })).then(confirmed);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const Endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts`;
  await sns.send(new SubscribeCommand({ TopicArn: alertsTopicArn, Protocol: 'http', Endpoint }));
  await done;
  return { close: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** A local environment with a worker in which `sluice doctor` finds nothing to mend. */
export interface HealthyEnvironment {
  readonly environment: Environment;
  /** What a command is given. */
  readonly env: Readonly<Record<string, string>>;
  /** Settings of AWS SDK clients. */
  readonly client: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  readonly folder: string;
  /** `sluice.yaml`. */
  readonly configFile: string;
  /** Examines the environment, with other variables and settings if given. */
  examine(
    change?: DiagnosisOptions & { readonly env?: Readonly<Record<string, string>>; readonly config?: string }
  ): Promise<CheckResult[]>;
  stop(): Promise<void>;
}

const model = join(root, 'examples/ecommerce/warehouse.yaml');

/** `sluice.yaml` of the healthy environment. */
export const healthyConfiguration = `model: ${model}
notifications: { topicArn: '${alertsTopicArn}' }
`;

/** Starts a {@link HealthyEnvironment}. */
export async function startHealthyEnvironment(): Promise<HealthyEnvironment> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice doctor '));
  const configFile = join(folder, 'sluice.yaml');
  await writeFile(configFile, healthyConfiguration);
  const configuration = loadConfiguration({ file: configFile, env: {} });
  const plan = compile(loadModel(model));
  const environment = await startEnvironment({
    plan,
    deployment: configuration.deployment,
    kind: 'demo',
    env: { PATH: process.env.PATH, HOME: process.env.HOME, XDG_STATE_HOME: join(folder, 'state') },
    onEvent: () => undefined,
  });
  const env = { ...environment.env };
  const client = {
    endpoint: env.AWS_ENDPOINT_URL,
    region: env.AWS_REGION,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
  };
  const sns = new SNSClient(client);
  const subscriber = await subscribe(sns);
  await putJobScripts(env, plan);
  const worker = await startWorker({ configuration, env, logLevel: 'silent', shutdownGraceTime: '1s' });
  const running = worker.run();
  return {
    environment,
    env,
    client,
    folder,
    configFile,
    async examine({ env: changes = {}, config = configFile, ...options } = {}) {
      const { context } = recordingContext({ ...env, ...changes });
      return diagnose({ ...context, configFile: config }, options);
    },
    async stop() {
      worker.shutdown();
      await running;
      await subscriber.close();
      sns.destroy();
      await environment.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
