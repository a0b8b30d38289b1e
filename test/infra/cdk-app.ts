import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withFolderLock } from '../../local/process/folder-lock.js';
import { root } from '../client/sluice.js';

const run = promisify(execFile);
const infra = join(root, 'infra');

/**
 * The app of cdk.json, for templates that are validated. The CDK validates in WebAssembly: optimizing that, and collecting
 * garbage beside it, takes as much CPU as the rest of a synthesis.
 */
const validatingApp = 'node --liftoff-only --single-threaded-gc --import tsx app.ts';

/** A part of a CloudFormation template. */
export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
}

/** A synthesized stack. */
export interface Synthesized {
  /** Of the template. */
  readonly file: string;
  readonly resources: Readonly<Record<string, Resource>>;
  /** What `cdk synth` wrote, warnings among it. */
  readonly output: string;
  /** The validation report's part of each plugin that has found something. */
  readonly findings: readonly unknown[];
}

/** `cdk synth` that did not end well. */
export interface Refused {
  readonly code: number;
  readonly output: string;
}

/** True when infra/ has the packages of its lockfile: npm keeps a copy of what it has installed. */
function isInstalled(): boolean {
  const installed = join(infra, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const versions = (file: string): [string, unknown][] => {
    const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, { version?: string }> };
    return Object.entries(packages).map(([name, { version }]) => [name, version]);
  };
  const wanted = new Map(versions(join(infra, 'package-lock.json')));
  return versions(installed).every(([name, version]) => wanted.get(name) === version);
}

/**
 * Installs the packages of infra/, from npm's cache where it can. False, with the reason on stderr, when they cannot be
 * had.
 */
export async function installInfra(): Promise<boolean> {
  try {
    await withFolderLock(join(tmpdir(), 'sluice-infra-install.lock'), async () => {
      if (isInstalled()) return;
      await run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: infra, timeout: 300_000 });
    });
    return true;
  } catch (error) {
    const { message, stderr } = error as Error & { stderr?: string };
    process.stderr.write(`The packages of infra/ cannot be had: ${stderr?.trim() || message}\n`);
    return false;
  }
}

/** A folder for a test's own configuration and templates. */
export interface CdkScene {
  /**
   * Runs `cdk synth` with these settings over a `sluice.yaml` of this content, without AWS settings of any kind.
   * `validate`: with the CDK's own validation of the template, whose findings are warnings and stand in the report.
   */
  synth(
    configuration: string,
    settings: Readonly<Record<string, string>>,
    options?: { readonly validate?: boolean }
  ): Promise<Synthesized | Refused>;
  remove(): Promise<void>;
}

/** Makes a {@link CdkScene}. */
export async function makeCdkScene(): Promise<CdkScene> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice infra '));
  let number = 0;
  return {
    async synth(configuration, settings, { validate = false } = {}) {
      number += 1;
      const config = join(folder, `sluice-${number}.yaml`);
      await writeFile(config, configuration);
      const out = join(folder, `cdk.out-${number}`);
      const context = Object.entries({ config, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
      const own = Object.entries(process.env).filter(([name]) => !/^(AWS_|CDK_|TEMPORAL_|SLUICE_)/.test(name));
      // An address where nothing answers: synthesis has to do without AWS.
      const env = {
        ...Object.fromEntries(own),
        AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
        AWS_EC2_METADATA_DISABLED: 'true',
        ...(!validate && { CDK_VALIDATION: 'false' }), // cdk-nag checks the template all the same
      };
      const cdk = join(infra, 'node_modules', 'aws-cdk', 'bin', 'cdk');
      const PATH = `${join(infra, 'node_modules', '.bin')}:${process.env.PATH}`;
      const app = validate ? ['--app', validatingApp] : [];
      const args = [cdk, 'synth', '--quiet', '--output', out, ...app, ...context];
      return await run(process.execPath, args, { cwd: infra, env: { ...env, PATH }, maxBuffer: 2 ** 26 }).then(
        ({ stdout, stderr }) => {
          const file = join(out, 'sluice.template.json');
          const { Resources } = JSON.parse(readFileSync(file, 'utf8')) as { Resources: Synthesized['resources'] };
          const report = JSON.parse(readFileSync(join(out, 'validation-report.json'), 'utf8')) as {
            pluginReports: unknown[];
          };
          return { file, resources: Resources, output: stdout + stderr, findings: report.pluginReports };
        },
        (error: { code?: number; stdout?: string; stderr?: string }) => ({
          code: error.code ?? -1,
          output: `${error.stdout ?? ''}${error.stderr ?? ''}`,
        })
      );
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * Runs cdk-nag over the stack, and over the stack with a bucket of no protection beside it. Gives the names of the rules
 * that are broken.
 */
export async function nagFindings(
  configuration: string
): Promise<{ readonly stack: string[]; readonly breach: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice nag '));
  const library = (path: string): string => JSON.stringify(join(infra, 'node_modules', path));
  const own = (path: string): string => JSON.stringify(join(infra, path));
  try {
    await writeFile(join(folder, 'sluice.yaml'), configuration);
    const { context } = JSON.parse(readFileSync(join(infra, 'cdk.json'), 'utf8')) as { context: unknown };
    const appText = JSON.stringify({ outdir: join(folder, 'out'), context });
    const settingsText = JSON.stringify({ ...settings, config: 'sluice.yaml' });
    await writeFile(
      join(folder, 'nag.mts'),
      `import { App } from ${library('aws-cdk-lib/index.js')};
      import { Bucket } from ${library('aws-cdk-lib/aws-s3/index.js')};
      import { AwsSolutionsChecks } from ${library('cdk-nag/lib/index.js')};
      import { readSettings } from ${own('settings.ts')};
      import { SluiceStack } from ${own('stack.ts')};
      const app = new App(${appText});
      const stack = new SluiceStack(app, 'sluice', readSettings(${settingsText}, ${JSON.stringify(folder)}), {});
      const rules = () => new AwsSolutionsChecks(app).validateScope(app).violations.map(({ ruleName }) => ruleName);
      const found = { stack: rules() };
      new Bucket(stack, 'Bare');
      console.log(JSON.stringify({ ...found, breach: rules() }));`
    );
    const loader = join(infra, 'node_modules', 'tsx', 'dist', 'esm', 'index.mjs');
    const { stdout } = await run(process.execPath, ['--import', loader, join(folder, 'nag.mts')], { cwd: folder });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { stack: string[]; breach: string[] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The stack, or an error with what `cdk synth` wrote. */
export function synthesized(result: Synthesized | Refused): Synthesized {
  if ('resources' in result) return result;
  throw new Error(`cdk synth ended with ${result.code}:\n${result.output}`);
}

/** A configuration that has a use for every part of infra/. */
export const completeConfiguration = `
model: ${JSON.stringify(join(root, 'examples', 'ecommerce', 'warehouse.yaml'))}
buckets: { raw: acme-raw, lake: acme-lake, rawArchive: acme-raw-archive, lakeArchive: acme-lake-archive, quality: acme-quality }
assets: { bucket: acme-assets }
glue: { role: acme-data-quality }
usageGuard: { emails: [ops@example.com], from: reports@example.com }
credentials:
  - name: partner
    roleArn: arn:aws:iam::123456789012:role/acme-readers
    target: { secretsManager: { secretId: acme/readers } }
    verify: { prefix: ecommerce/ }
`;

/** Settings of the CDK that have no default, with an image, so that nothing is to be built. */
export const settings = { temporalAddress: 'acme.a1b2c.tmprl.cloud:7233', image: 'ghcr.io/acme/sluice:1' };
