import { resolve } from 'node:path';
import { z } from 'zod';
import { compile, loadConfiguration, loadModel } from '../model/index.js';
import type { Configuration, WarehousePlan } from '../model/index.js';

const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);
const count = z.coerce.number().int();

const context = z.strictObject({
  config: z.string().min(1),
  stack: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,40}$/, 'not a stack name: a letter, then letters, digits and hyphens, at most 41')
    .default('sluice'),
  temporalAddress: z
    .string()
    .regex(/^[A-Za-z0-9.-]+:\d{1,5}$/, 'not host:port, such as my-namespace.a1b2c.tmprl.cloud:7233'),
  temporalNamespace: z.string().min(1).default('default'),
  temporalAuth: z.enum(['api-key', 'mtls', 'none']).default('api-key'),
  encryptPayloads: flag.default(false),
  image: z.string().min(1).optional(),
  createTables: flag.default(false),
  createWarehouse: flag.default(true),
  warehouseBaseCapacity: count.min(4).max(1024).default(8),
  warehouseMaxCapacity: count.min(4).max(5632).default(32),
  minWorkers: count.min(0).max(100).default(1),
  maxWorkers: count.min(1).max(1000).default(4),
  flex: flag.default(false),
  alertEmail: z.email().optional(),
});

/** How the stack is made: `-c <name>=<value>` of the CDK or the part `context` of cdk.json, but for `plans`. */
export interface Settings extends z.output<typeof context> {
  readonly configuration: Configuration;
  /** Of every model that the configuration names: its own and those of its schedules. */
  readonly plans: readonly [WarehousePlan, ...WarehousePlan[]];
}

/** The names of {@link Settings} that the CDK's context is asked for. */
export const settingNames: readonly string[] = Object.keys(context.shape);

/** The app cannot be synthesized as it is set up; the message lists every problem, one a line. */
export class SettingsError extends Error {
  constructor(problems: readonly string[]) {
    super(['The settings of the CDK app are not usable:', ...problems.map((problem) => `  ${problem}`)].join('\n'));
    this.name = 'SettingsError';
  }
}

/** What infra needs of `sluice.yaml` beyond what a run does. */
function problemsOf({ deployment: { buckets }, assets }: Configuration): string[] {
  const names: Readonly<Record<string, string>> = { ...buckets, ...(assets && { assets: assets.bucket }) };
  // The defaults are for the local AWS; elsewhere a bucket's name belongs to one account of the whole world.
  const defaults = Object.entries(names).filter(([, name]) =>
    /^sluice-(raw|lake|quality|assets)(-archive)?$/.test(name)
  );
  const twice = Object.values(names).filter((name, index, all) => all.indexOf(name) !== index);
  return [
    ...defaults.map(([key, name]) => `config: the bucket ${key} is ${name}, the default: give it a name of your own`),
    ...twice.map((name) => `config: two buckets are ${name}`),
    ...(assets === undefined ? ['config: assets.bucket is missing: name the bucket of the Glue scripts'] : []),
  ];
}

/**
 * Reads the settings, the configuration (`sluice.yaml`) that they name, and compiles its models.
 * @param values by name of the setting; undefined where it is not given
 * @param folder that a relative `config` is relative to
 * @throws SettingsError, or ConfigurationError and ModelError of `model/`.
 */
export function readSettings(values: Readonly<Record<string, unknown>>, folder: string): Settings {
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  const result = context.safeParse(given);
  if (!result.success) {
    throw new SettingsError(
      result.error.issues.map(({ path, message }) => {
        const name = path.join('.');
        return given[name] === undefined ? `${name}: give it by -c ${name}=…` : `${name}: ${message}`;
      })
    );
  }
  const configuration = loadConfiguration({ file: resolve(folder, result.data.config), env: {} });
  const problems = problemsOf(configuration);
  if (result.data.minWorkers > result.data.maxWorkers) problems.push('minWorkers: more than maxWorkers');
  if (problems.length > 0) throw new SettingsError(problems);
  const models = [
    configuration.model,
    ...configuration.schedules.flatMap((one) => ('model' in one ? (one.model ?? []) : [])),
  ];
  const [first, ...others] = [...new Set(models)].map((file) => compile(loadModel(file)));
  return { ...result.data, configuration, plans: [first as WarehousePlan, ...others] };
}
