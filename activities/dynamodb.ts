import type { DynamoDBClient, ExportDescription } from '@aws-sdk/client-dynamodb';
import {
  DescribeContinuousBackupsCommand,
  DescribeExportCommand,
  DescribeTableCommand,
  ExportTableToPointInTimeCommand,
  paginateListExports,
} from '@aws-sdk/client-dynamodb';
import type { WarehousePlan } from '../model/plan.js';
import { startWhenCapacity } from './at-capacity.js';
import { StepError, onResource } from './failures.js';
import type { PollClock } from './poll-clock.js';
import { systemClock } from './poll-clock.js';
import type { RemoteJob } from './remote-job.js';
import { waitForRemoteJob } from './remote-job.js';
import type { StepInput } from './run-scope.js';
import { earlierTokens, stepToken } from './run-scope.js';

/** Input of `describeSource`. */
export interface DescribeSourceInput extends StepInput {
  readonly source: WarehousePlan['source'];
}

/** The source table as a run needs to know it. */
export interface SourceTable {
  readonly tableArn: string;
  /** DynamoDB's own figures, at most six hours old. */
  readonly itemCount: number;
  readonly bytes: number;
}

/** Input of `startExport`. */
export interface StartExportInput extends StepInput {
  readonly tableArn: string;
  readonly bucket: string;
  /** Key prefix, without a slash at its end. */
  readonly prefix: string;
}

/** A started export. */
export interface ExportRef {
  readonly exportArn: string;
}

/** An export that has completed; its manifest is yet to be verified. */
export interface CompletedExport extends ExportRef {
  readonly bucket: string;
  /** Key of `manifest-summary.json`. */
  readonly manifestKey: string;
  readonly itemCount: number;
  /** What AWS bills the export by. */
  readonly billedBytes: number;
}

type Keys = WarehousePlan['source']['keys'];

const spell = (keys: Keys): string => keys.map(({ name, type, role }) => `${name} ${type} ${role}`).join(', ');

/** ExportArns end in `/export/<milliseconds since the epoch, 14 digits>-<id>`. */
const exportedAt = (exportArn: string): number => Number(/\/export\/(\d+)-/.exec(exportArn)?.[1] ?? 0);

const lookBackMilliseconds = 14 * 24 * 3_600_000;
const lookBackExports = 50;

/**
 * The export of a step: one of this execution, or one that an execution which this one resumes has left and that has not
 * failed. AWS itself keeps the token for eight hours; beyond that, for a run that is resumed days later, the last 50
 * exports of the last 14 days are looked through.
 */
async function findExport(client: DynamoDBClient, tableArn: string, step: StepInput): Promise<string | undefined> {
  const token = stepToken(step);
  const earlier = earlierTokens(step);
  let usable: string | undefined;
  const arns: string[] = [];
  for await (const page of paginateListExports({ client }, { TableArn: tableArn })) {
    arns.push(...(page.ExportSummaries ?? []).flatMap(({ ExportArn }) => (ExportArn === undefined ? [] : [ExportArn])));
  }
  const since = Date.now() - lookBackMilliseconds;
  const recent = arns.filter((arn) => exportedAt(arn) > since).sort((a, b) => exportedAt(b) - exportedAt(a));
  for (const arn of recent.slice(0, lookBackExports)) {
    const { ExportDescription } = await client.send(new DescribeExportCommand({ ExportArn: arn }));
    const { ClientToken = '', ExportStatus } = ExportDescription ?? {};
    if (ClientToken === token) return arn;
    if (earlier.includes(ClientToken) && ExportStatus !== 'FAILED') usable ??= arn;
  }
  return usable;
}

function exportJob(client: DynamoDBClient): RemoteJob<ExportRef, ExportDescription> {
  return {
    async describe({ exportArn }, { signal }) {
      const { ExportDescription } = await onResource(`export ${exportArn}`, () =>
        client.send(new DescribeExportCommand({ ExportArn: exportArn }), { abortSignal: signal })
      );
      return ExportDescription ?? {};
    },
    state: ({ ExportStatus }) => ExportStatus ?? 'IN_PROGRESS',
    outcomes: { IN_PROGRESS: 'running', COMPLETED: 'succeeded', FAILED: 'failed' },
    longPoll: false,
    absent: ['ExportNotFoundException'],
    failure: ({ exportArn }, { FailureCode, FailureMessage }) =>
      new StepError(
        'Permanent',
        `export ${exportArn}`,
        `DynamoDB ended the export FAILED: ${FailureCode ?? 'no code'}: ${FailureMessage ?? 'no message'}`,
        'Mend the cause, often a missing permission on the raw bucket or its key, and go on with `sluice resume`.',
        { exportArn }
      ),
  };
}

/** Activities on the source table and its exports. */
export interface DynamoDbActivities {
  /**
   * Checks that the table exists, that point-in-time recovery is on (exports read from it) and that its keys are the
   * model's. Anything else is a permanent failure.
   */
  describeSource(input: DescribeSourceInput): Promise<SourceTable>;
  /** Starts the full export of a table to S3, or finds the one that was started under the same run key. */
  startExport(input: StartExportInput): Promise<ExportRef>;
  /** Waits for an export. DynamoDB cannot cancel one: a cancellation ends the wait at once. */
  waitExport(input: StepInput & ExportRef): Promise<CompletedExport>;
}

/** Makes the activities over a client. */
export function createDynamoDbActivities({
  dynamodb,
  clock = systemClock,
}: {
  readonly dynamodb: DynamoDBClient;
  readonly clock?: PollClock;
}): DynamoDbActivities {
  return {
    async describeSource({ source }) {
      const resource = `DynamoDB table ${source.table}`;
      const { ContinuousBackupsDescription: backups } = await onResource(resource, () =>
        dynamodb.send(new DescribeContinuousBackupsCommand({ TableName: source.table }))
      );
      if (backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus !== 'ENABLED') {
        throw new StepError(
          'Permanent',
          resource,
          'point-in-time recovery is off, and exports need it',
          `Switch it on: aws dynamodb update-continuous-backups --table-name ${source.table} ` +
            '--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true'
        );
      }
      const { Table: table } = await onResource(resource, () =>
        dynamodb.send(new DescribeTableCommand({ TableName: source.table }))
      );
      const types = new Map(table?.AttributeDefinitions?.map((it) => [it.AttributeName, it.AttributeType]));
      const keys = (table?.KeySchema ?? [])
        .map(({ AttributeName: name = '', KeyType: role }) => ({ name, type: types.get(name), role }) as Keys[number])
        .sort((a, b) => a.role.localeCompare(b.role));
      const expected = [...source.keys].sort((a, b) => a.role.localeCompare(b.role));
      if (spell(keys) !== spell(expected)) {
        throw new StepError(
          'Permanent',
          resource,
          `its keys are ${spell(keys)}, but the model says ${spell(expected)}`,
          'Mend source.keys in the model, or name the right table.'
        );
      }
      return { tableArn: table?.TableArn ?? '', itemCount: table?.ItemCount ?? 0, bytes: table?.TableSizeBytes ?? 0 };
    },

    async startExport(input) {
      const token = stepToken(input);
      const resource = `export of ${input.tableArn} to s3://${input.bucket}/${input.prefix}`;
      return await startWhenCapacity(clock, async () => {
        const earlier = await onResource(resource, () => findExport(dynamodb, input.tableArn, input));
        if (earlier !== undefined) return { exportArn: earlier };
        const { ExportDescription } = await onResource(resource, () =>
          dynamodb.send(
            new ExportTableToPointInTimeCommand({
              TableArn: input.tableArn,
              S3Bucket: input.bucket,
              S3Prefix: input.prefix,
              ExportFormat: 'DYNAMODB_JSON',
              ClientToken: token,
            })
          )
        );
        return { exportArn: ExportDescription?.ExportArn ?? '' };
      });
    },

    async waitExport({ exportArn }) {
      const done = await waitForRemoteJob(exportJob(dynamodb), { exportArn }, clock);
      return {
        exportArn,
        bucket: done.S3Bucket ?? '',
        manifestKey: done.ExportManifest ?? '',
        itemCount: done.ItemCount ?? 0,
        billedBytes: done.BilledSizeBytes ?? 0,
      };
    },
  };
}
