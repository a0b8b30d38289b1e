import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { priceListSchema } from './cost/prices.js';
import type { PriceList } from './cost/prices.js';
import { costSchema } from './cost/settings.js';
import type { CostSettings } from './cost/settings.js';
import { usageGuardSchema } from './glue-usage/settings.js';
import type { UsageGuard } from './glue-usage/settings.js';
import { credentialsSchema, resolveCredentials } from './credentials.js';
import type { CredentialsDeclaration } from './credentials.js';
import { schedulesSchema } from './schedule.js';
import type { ScheduleDeclaration } from './schedule.js';
import { workerSchema } from './worker-settings.js';
import type { WorkerSettings } from './worker-settings.js';

/**
 * Names of the AWS resources that a run uses: plain JSON without secrets, part of the input of every pipeline, so that
 * the Temporal UI shows what a run worked on.
 */
export interface Deployment {
  readonly buckets: {
    readonly raw: string;
    readonly lake: string;
    readonly rawArchive: string;
    readonly lakeArchive: string;
    readonly quality: string;
  };
  /** Target of the Redshift Data API. Exactly one of `workgroup` (serverless) and `cluster` (provisioned) is set. */
  readonly redshift: {
    readonly workgroup?: string;
    readonly cluster?: string;
    readonly database: string;
    /** ARN of the Secrets Manager secret to log in with; without it the caller's IAM identity logs in. */
    readonly secretArn?: string;
    /** Database user for temporary credentials; provisioned clusters only. */
    readonly dbUser?: string;
  };
  readonly glue: {
    /** Glue connection through which the land jobs reach the warehouse. */
    readonly connection: string;
    /** Glue catalog database that the lake's datasets are registered in. */
    readonly catalogDatabase: string;
    /** Glue catalog database of the table over data quality results; default `data_quality`. */
    readonly resultsDatabase?: string;
    /** IAM role, by name or ARN, that data quality runs take on. */
    readonly role?: string;
  };
  /** Where failures and recoveries are told, besides the worker's own channels (`SLUICE_WEBHOOK_URL`). */
  readonly notifications?: {
    /** ARN of an SNS topic. */
    readonly topicArn?: string;
  };
  /** What the cost of runs is reckoned by. */
  readonly cost?: CostSettings;
}

/** What `sluice.yaml` and the environment say. Temporal's address and namespace come from `@temporalio/envconfig`. */
export interface Configuration {
  /** Absolute path of `warehouse.yaml`. */
  readonly model: string;
  readonly deployment: Deployment;
  /** Temporal task queue of the workers and the pipelines. */
  readonly taskQueue: string;
  /** Limits of Glue runs, and whom to tell. */
  readonly usageGuard?: UsageGuard;
  /** How workers work. */
  readonly worker?: WorkerSettings;
  /** Where `sluice deploy-assets` keeps the scripts of the Glue jobs: below `s3://<bucket>/<prefix>/`. */
  readonly assets?: { readonly bucket: string; readonly prefix: string };
  /** Schedules to be kept by `sluice schedule apply`; `model` and `evaluate.file` of each are absolute paths. */
  readonly schedules: readonly ScheduleDeclaration[];
  /** Temporary credentials to be kept fresh by `sluice credentials apply`. */
  readonly credentials?: readonly CredentialsDeclaration[];
}

/** One thing that is wrong with a configuration. */
export interface ConfigurationProblem {
  /** Where it stands, such as `redshift.database`, `SLUICE_DATABASE`, or empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

/** Thrown by {@link loadConfiguration}; the message lists every problem, one a line. */
export class ConfigurationError extends Error {
  constructor(
    /** The file, or `the environment`. */
    readonly source: string,
    readonly problems: readonly ConfigurationProblem[]
  ) {
    const lines = problems.map(({ path, message }) => `  ${path === '' ? '' : `${path}: `}${message}`);
    super([`The configuration in ${source} is not usable:`, ...lines].join('\n'));
    this.name = 'ConfigurationError';
  }
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
const bucket = z
  .string()
  .regex(
    /^(?!xn--)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]$/,
    'not a bucket name: 3 to 63 lower-case letters, digits, hyphens and dots'
  );
const named = (pattern: RegExp, rule: string) => z.string().regex(pattern, rule);
const workgroup = named(/^[a-z0-9-]{3,64}$/, 'not a workgroup name: 3 to 64 lower-case letters, digits and hyphens');
const cluster = named(
  /^[a-z](?!.*--)[a-z0-9-]{0,61}[a-z0-9]$/,
  'not a cluster identifier: lower-case letters, digits and single hyphens, beginning with a letter'
);
const database = named(/^[A-Za-z_][A-Za-z0-9_$]{0,126}$/, 'not a database name: letters, digits, _ and $, at most 127');

const catalogDatabase = named(/^[a-z0-9_]{1,255}$/, 'not a catalog database name: lower-case letters, digits and _');

const redshift = z
  .strictObject({
    workgroup: workgroup.optional(),
    cluster: cluster.optional(),
    database: database.default('salesdwh'),
    secretArn: named(/^arn:aws[a-z-]*:secretsmanager:/, 'not the ARN of a Secrets Manager secret').optional(),
    dbUser: z.string().min(1).optional(),
  })
  .superRefine((target, context) => {
    const problem = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (target.workgroup !== undefined && target.cluster !== undefined) {
      problem('cluster', 'a workgroup is given as well: name one of the two');
    }
    if (target.dbUser !== undefined && target.cluster === undefined) {
      problem('dbUser', 'only a provisioned cluster takes a database user');
    }
    if (target.dbUser !== undefined && target.secretArn !== undefined) {
      problem('dbUser', 'a secret is given as well: name one of the two');
    }
  })
  .transform((target) => (target.cluster === undefined ? { workgroup: 'sluice', ...target } : target));

const schema = z.strictObject({
  model: z.string().min(1).optional(),
  buckets: z
    .strictObject({
      raw: bucket.default('sluice-raw'),
      lake: bucket.default('sluice-lake'),
      rawArchive: bucket.default('sluice-raw-archive'),
      lakeArchive: bucket.default('sluice-lake-archive'),
      quality: bucket.default('sluice-quality'),
    })
    .prefault({}),
  redshift: redshift.prefault({}),
  glue: z
    .strictObject({
      connection: z.string().min(1).max(255).default('warehouse'),
      catalogDatabase: catalogDatabase.default('sluice_lake'),
      resultsDatabase: catalogDatabase.optional(),
      role: z.string().min(1).optional(),
    })
    .prefault({}),
  notifications: z
    .strictObject({
      topicArn: named(
        /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$/,
        'not the ARN of an SNS topic'
      ).optional(),
    })
    .optional(),
  cost: costSchema.optional(),
  usageGuard: usageGuardSchema.prefault({}),
  taskQueue: z.string().min(1).max(200).default('sluice'),
  worker: workerSchema.prefault({}),
  assets: z
    .strictObject({
      bucket,
      prefix: named(
        /^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/,
        'not a prefix: letters, digits, _ . - with / between, none at either end'
      ).default('glue'),
    })
    .optional(),
  schedules: schedulesSchema.default([]),
  credentials: credentialsSchema.default([]),
});

/** Prices of the user's own, by the file's name as the configuration gives it. */
function readPrices(configuration: string, folder: string, name: string): PriceList {
  const file = resolve(folder, name);
  const problem = (message: string): ConfigurationError =>
    new ConfigurationError(configuration, [{ path: 'cost.prices', message: `${file}: ${message}` }]);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw problem((error as Error).message);
  }
  const list = priceListSchema.safeParse(content);
  if (list.success) return list.data;
  throw problem(list.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

/** The schedule with its files as absolute paths. */
function located(folder: string, one: ScheduleDeclaration): ScheduleDeclaration {
  if (one.glueUsage !== undefined) return one;
  if (one.evaluate === undefined) return one.model === undefined ? one : { ...one, model: resolve(folder, one.model) };
  const { file } = one.evaluate;
  return file === undefined ? one : { ...one, evaluate: { ...one.evaluate, file: resolve(folder, file) } };
}

/** The file of this name in the current folder is read when no other is named. */
export const defaultConfigurationFile = 'sluice.yaml';

function readYaml(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ConfigurationError(file, [{ path: '', message: code === 'ENOENT' ? 'there is no such file' : message }]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return { path: '', message: `line ${line}, column ${col}: ${error.message}` };
    });
    throw new ConfigurationError(file, problems);
  }
  try {
    return document.toJS() ?? {};
  } catch (error) {
    // Aliases that stand for aliases: the parser stops before they fill the memory.
    throw new ConfigurationError(file, [{ path: '', message: `not usable as YAML: ${(error as Error).message}` }]);
  }
}

/** Settings of `worker` that the environment has a variable for. */
const workerVariables = {
  deployment: 'SLUICE_DEPLOYMENT',
  buildId: 'SLUICE_BUILD_ID',
  metrics: 'SLUICE_METRICS_ADDRESS',
  health: 'SLUICE_HEALTH_ADDRESS',
} as const;

/** The environment's variables win over the file; a workgroup also replaces a cluster with its user. */
function withEnvironment(content: unknown, env: NodeJS.ProcessEnv): unknown {
  if (!isRecord(content)) return content;
  const { worker = {} } = content;
  const taskQueue = env.SLUICE_TASK_QUEUE ? { taskQueue: env.SLUICE_TASK_QUEUE } : {};
  const given = Object.entries(workerVariables).flatMap(([setting, name]) => (env[name] ? [[setting, env[name]]] : []));
  const asked =
    isRecord(worker) && given.length > 0
      ? { ...content, ...taskQueue, worker: { ...worker, ...(Object.fromEntries(given) as object) } }
      : { ...content, ...taskQueue };
  return withWarehouse(asked, env);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function withWarehouse(content: Record<string, unknown>, env: NodeJS.ProcessEnv): unknown {
  const { SLUICE_WORKGROUP: group, SLUICE_DATABASE: name } = env;
  const given = content.redshift ?? {};
  if (!isRecord(given) || (!group && !name)) return content;
  const target: Record<string, unknown> = { ...given, ...(name ? { database: name } : {}) };
  if (!group) return { ...content, redshift: target };
  const { cluster: _cluster, dbUser: _dbUser, ...serverless } = target;
  return { ...content, redshift: { ...serverless, workgroup: group } };
}

/** The checkout's or package's own example, for a first run without any file. */
function defaultModel(folder: string): string {
  const own = join(folder, 'warehouse.yaml');
  if (existsSync(own)) return own;
  const roots = [resolve(import.meta.dirname, '..'), resolve(import.meta.dirname, '..', '..')];
  const example = roots.map((root) => join(root, 'examples', 'ecommerce', 'warehouse.yaml')).find(existsSync);
  return example ?? own;
}

/**
 * Reads `sluice.yaml`. Without `file`, the current folder's is read if there is one; every setting has a default.
 * `SLUICE_WORKGROUP`, `SLUICE_DATABASE`, `SLUICE_TASK_QUEUE` and the variables of `worker` win over the file. A relative
 * `model` is relative to the file; without one it is the `warehouse.yaml` beside the file or in the current folder, else the ecommerce example's.
 * Throws {@link ConfigurationError}.
 */
export function loadConfiguration(
  options: { readonly file?: string; readonly env?: NodeJS.ProcessEnv } = {}
): Configuration {
  const env = options.env ?? process.env;
  const file = options.file ?? (existsSync(defaultConfigurationFile) ? defaultConfigurationFile : undefined);
  const folder = file === undefined ? process.cwd() : dirname(resolve(file));
  const result = schema.safeParse(withEnvironment(file === undefined ? {} : readYaml(file), env));
  if (!result.success) {
    const fromEnvironment: Record<string, string | undefined> = {
      'redshift.workgroup': env.SLUICE_WORKGROUP ? 'SLUICE_WORKGROUP' : undefined,
      'redshift.database': env.SLUICE_DATABASE ? 'SLUICE_DATABASE' : undefined,
      taskQueue: env.SLUICE_TASK_QUEUE ? 'SLUICE_TASK_QUEUE' : undefined,
      ...Object.fromEntries(
        Object.entries(workerVariables).flatMap(([setting, name]) => (env[name] ? [[`worker.${setting}`, name]] : []))
      ),
    };
    const problems = result.error.issues.flatMap((issue): ConfigurationProblem[] => {
      const path = issue.path.join('.');
      if (issue.code === 'unrecognized_keys') {
        return issue.keys.map((key) => ({
          path: path === '' ? key : `${path}.${key}`,
          message: 'there is no such setting',
        }));
      }
      return [{ path: fromEnvironment[path] ?? path, message: issue.message }];
    });
    throw new ConfigurationError(file ?? 'the environment', problems);
  }
  const { model, taskQueue, worker, schedules, credentials, usageGuard, cost, assets, ...deployment } = result.data;
  const { prices, ...capacity } = cost ?? {};
  const list = prices === undefined ? undefined : readPrices(file ?? 'the environment', folder, prices);
  return {
    model: model === undefined ? defaultModel(folder) : resolve(folder, model),
    taskQueue,
    worker,
    usageGuard,
    ...(assets && { assets }),
    schedules: schedules.map((one) => located(folder, one)),
    credentials: resolveCredentials(credentials, deployment.buckets.lake),
    deployment:
      cost === undefined ? deployment : { ...deployment, cost: { ...capacity, ...(list && { prices: list }) } },
  };
}
