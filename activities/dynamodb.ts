import type { DynamoDBClient, ExportDescription, ExportTableToPointInTimeCommandInput } from '@aws-sdk/client-dynamodb';
import {
  DescribeContinuousBackupsCommand,
  DescribeExportCommand,
  DescribeTableCommand,
  ExportTableToPointInTimeCommand,
  paginateListExports,
} from '@aws-sdk/client-dynamodb';
import type { WarehousePlan } from '../model/plan.js';
import { fullExportAsOf } from '../model/windows.js';
import type { ExportWindow } from '../model/windows.js';
import { startWhenCapacity } from './at-capacity.js';
import { AwsCallError, StepError, onResource } from './failures.js';
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
  /** DynamoDB's id of the table: a table that is deleted and made again under its name has another. */
  readonly tableId: string;
  /** ISO 8601: the earliest moment that point-in-time recovery, and so an export, can tell. */
  readonly earliest: string;
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
  /** Of an incremental export: what it shows. Without it the whole table is exported as of now. */
  readonly window?: ExportWindow;
}

/** A started export. */
export interface ExportRef {
  readonly exportArn: string;
}

/** Input of `waitExport`. */
export interface WaitExportInput extends StepInput, ExportRef {
  /** ISO 8601: where the table's history began when the export was started. */
  readonly earliest?: string;
}

/** An export that has completed; its manifest is yet to be verified. */
export interface CompletedExport extends ExportRef {
  readonly bucket: string;
  /** Key of `manifest-summary.json`. */
  readonly manifestKey: string;
  readonly itemCount: number;
  /** What AWS bills the export by. */
  readonly billedBytes: number;
  /** ISO 8601: all changes before this time are in a full export, see {@link fullExportAsOf}. */
  readonly asOf?: string;
  /** ISO 8601: the time of a full export. */
  readonly exportTime?: string;
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

/** Items as they are after the last change are enough: the merge needs no earlier ones. */
const incremental = ({ from, to }: ExportWindow): Partial<ExportTableToPointInTimeCommandInput> => ({
  ExportType: 'INCREMENTAL_EXPORT',
  IncrementalExportSpecification: {
    ExportFromTime: new Date(from),
    ExportToTime: new Date(to),
    ExportViewType: 'NEW_IMAGE',
  },
});

const reachOf = (exportTime: string, earliest: string): Pick<CompletedExport, 'asOf' | 'exportTime'> => ({
  asOf: fullExportAsOf(exportTime, earliest),
  exportTime,
});

const clockEdgeMilliseconds = 120_000;

/** What to make of the refusal of a window: near the present the two clocks may differ, elsewhere its history is gone. */
function refusedWindow(error: unknown, resource: string, { from, to }: ExportWindow, now: number): unknown {
  const cause = error instanceof AwsCallError ? error.cause : undefined;
  if (!(cause instanceof Error) || cause.name !== 'InvalidExportTimeException') return error;
  const at = `${resource}, ${from} to ${to}`;
  if (Math.abs(now - Date.parse(to)) < clockEdgeMilliseconds && /future/i.test(cause.message)) {
    return new StepError('Transient', at, `DynamoDB’s clock has not reached the window’s end: ${cause.message}`);
  }
  return new StepError(
    'Permanent',
    at,
    `DynamoDB refuses the window: ${cause.message}`,
    'If point-in-time recovery no longer reaches back that far, run again with --fresh: the new run names the gap.'
  );
}

/** Activities on the source table and its exports. */
export interface DynamoDbActivities {
  /**
   * Checks that the table exists, that point-in-time recovery is on (exports read from it) and that its keys are the
   * model's. Anything else is a permanent failure.
   */
  describeSource(input: DescribeSourceInput): Promise<SourceTable>;
  /**
   * Starts the export of a table, or of the changes of a window, to S3, or finds the one that was started under the same
   * run key and step. A window whose end lies within two minutes of now is tried again while DynamoDB's clock is behind.
   */
  startExport(input: StartExportInput): Promise<ExportRef>;
  /** Waits for an export. DynamoDB cannot cancel one: a cancellation ends the wait at once. */
  waitExport(input: WaitExportInput): Promise<CompletedExport>;
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
      const recovery = backups?.PointInTimeRecoveryDescription;
      if (recovery?.PointInTimeRecoveryStatus !== 'ENABLED') {
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
      return {
        tableArn: table?.TableArn ?? '',
        tableId: table?.TableId ?? '',
        earliest: (recovery.EarliestRestorableDateTime ?? new Date(0)).toISOString(),
        itemCount: table?.ItemCount ?? 0,
        bytes: table?.TableSizeBytes ?? 0,
      };
    },

    async startExport(input) {
      const token = stepToken(input);
      const resource = `export of ${input.tableArn} to s3://${input.bucket}/${input.prefix}`;
      return await startWhenCapacity(clock, async () => {
        const earlier = await onResource(resource, () => findExport(dynamodb, input.tableArn, input));
        if (earlier !== undefined) return { exportArn: earlier };
        const started = onResource(resource, () =>
          dynamodb.send(
            new ExportTableToPointInTimeCommand({
              TableArn: input.tableArn,
              S3Bucket: input.bucket,
              S3Prefix: input.prefix,
              ExportFormat: 'DYNAMODB_JSON',
              ClientToken: token,
              ...(input.window && incremental(input.window)),
            })
          )
        );
        const { ExportDescription } = await started.catch((error: unknown) => {
          throw input.window === undefined ? error : refusedWindow(error, resource, input.window, clock.now());
        });
        return { exportArn: ExportDescription?.ExportArn ?? '' };
      });
    },

    async waitExport({ exportArn, earliest }) {
      const done = await waitForRemoteJob(exportJob(dynamodb), { exportArn }, clock);
      return {
        exportArn,
        bucket: done.S3Bucket ?? '',
        manifestKey: done.ExportManifest ?? '',
        itemCount: done.ItemCount ?? 0,
        billedBytes: done.BilledSizeBytes ?? 0,
        ...(earliest && done.ExportTime && reachOf(done.ExportTime.toISOString(), earliest)),
      };
    },
  };
}
