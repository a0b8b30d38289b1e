import { ApplicationFailure, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import type { Configuration } from '../../model/configuration.js';
import type { CredentialsDeclaration } from '../../model/credentials.js';
import type { CredentialsInput, CredentialsSettings, CredentialsStatus, credentials } from '../../workflows/index.js';
import { RunFailedError, UsageError } from '../errors.js';
import { rootCause } from '../root-cause.js';
import { TemporalConnection } from '../temporal-connection.js';

/** Credentials as they stand; nothing in it is secret. */
export interface CredentialsState {
  readonly name: string;
  /** `pending`: no credentials yet; `failing`: the present ones go on; `expired`; `undeclared`: not in the configuration. */
  readonly state: 'fresh' | 'pending' | 'failing' | 'expired' | 'not applied' | 'undeclared';
  readonly roleArn: string;
  readonly target: CredentialsDeclaration['target'];
  readonly workflowId: string;
  /** ISO 8601. */
  readonly expiration?: string;
  readonly version?: string;
  readonly refreshedAt?: string;
  readonly refreshAt?: string;
  readonly refreshes: number;
  readonly failure?: CredentialsStatus['failure'];
}

/** What `apply` did with one set of credentials. */
export interface AppliedCredentials {
  readonly name: string;
  /** `undeclared` ones are of this task queue, and go on unless pruned. */
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'undeclared' | 'ended';
}

/** Milliseconds that a refresh on demand may take. */
const refreshTimeout = 240_000;

const idOf = (name: string): string => `credentials/${name}`;

/** Keeps the `credentials` workflows of a configuration. */
export class CredentialsControl {
  private constructor(
    private readonly configuration: Configuration,
    private readonly temporal: TemporalConnection
  ) {}

  /** @throws UsageError naming the address when no Temporal server answers. */
  static async connect(configuration: Configuration, env: NodeJS.ProcessEnv): Promise<CredentialsControl> {
    return new CredentialsControl(configuration, await TemporalConnection.connect(env));
  }

  /** Starts what is declared and does not run, tells the others what has changed, and ends undeclared ones on `prune`. */
  async apply({ prune = false }: { readonly prune?: boolean } = {}): Promise<AppliedCredentials[]> {
    const running = await this.running();
    const applied: AppliedCredentials[] = [];
    for (const declared of this.declared) {
      const { name } = declared;
      const { buckets, notifications } = this.configuration.deployment;
      const settings: CredentialsSettings = { credentials: declared, deployment: { buckets, notifications } };
      const now = running.get(name);
      const isSame = now !== undefined && JSON.stringify(now.declaration) === JSON.stringify(declared);
      // Also when nothing has changed of it: who is told may have.
      await this.temporal.call(() =>
        this.temporal.client.workflow.signalWithStart<typeof credentials, [CredentialsSettings]>('credentials', {
          workflowId: idOf(name),
          taskQueue: this.configuration.taskQueue,
          args: [settings satisfies CredentialsInput],
          signal: 'configure',
          signalArgs: [settings],
          memo: { credentials: { name, declaration: declared, refreshes: 0 } satisfies CredentialsStatus },
          staticSummary: `temporary credentials ${name}`,
        })
      );
      applied.push({ name, outcome: now === undefined ? 'created' : isSame ? 'unchanged' : 'updated' });
    }
    for (const name of running.keys()) {
      if (this.declared.some((declared) => declared.name === name)) continue;
      if (prune) await this.temporal.call(() => this.temporal.client.workflow.getHandle(idOf(name)).cancel());
      applied.push({ name, outcome: prune ? 'ended' : 'undeclared' });
    }
    return applied;
  }

  /** Declared credentials and undeclared ones of the same task queue, as they stand; needs no worker. */
  async list(): Promise<CredentialsState[]> {
    const running = await this.running();
    const declared = this.declared.map((one) => stateOf(running.get(one.name), one));
    const others = [...running.values()].filter(({ name }) => !this.declared.some((one) => one.name === name));
    return [...declared, ...others.map((status) => ({ ...stateOf(status), state: 'undeclared' as const }))];
  }

  /** One of {@link list}. @throws UsageError when there is none of this name. */
  async show(name: string): Promise<CredentialsState> {
    const status = await this.find(name);
    const declared = this.declared.find((one) => one.name === name);
    if (status === undefined && declared === undefined) throw unknown(name);
    return stateOf(status, declared);
  }

  /**
   * Refreshes now, and waits for it.
   * @throws UsageError when they do not run; RunFailedError with the reason when they could not be refreshed, or no
   * worker answers.
   */
  async refresh(name: string, signal?: AbortSignal): Promise<CredentialsState> {
    if ((await this.find(name)) === undefined) {
      if (!this.declared.some((one) => one.name === name)) throw unknown(name);
      throw new UsageError(`The credentials ${name} are declared but not applied: run \`sluice credentials apply\`.`);
    }
    const handle = this.temporal.client.workflow.getHandle<typeof credentials>(idOf(name));
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<never>((_, reject) => {
        const message = `The credentials ${name} were not refreshed within ${refreshTimeout / 1000} s: does a worker run?`;
        timer = setTimeout(() => reject(new RunFailedError(message)), refreshTimeout);
        signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
      const update = handle.executeUpdate<CredentialsStatus, []>('refreshNow');
      return stateOf(await Promise.race([update, late]));
    } catch (error) {
      if (!(error instanceof WorkflowUpdateFailedError)) throw error;
      throw new RunFailedError(rootCause(error).message, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes the connection. */
  close(): Promise<void> {
    return this.temporal.close();
  }

  private get declared(): readonly CredentialsDeclaration[] {
    return this.configuration.credentials ?? [];
  }

  private async find(name: string): Promise<CredentialsStatus | undefined> {
    const handle = this.temporal.client.workflow.getHandle(idOf(name));
    let found: WorkflowExecutionDescription;
    try {
      found = await this.temporal.read(() => handle.describe());
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
    return found.status.name === 'RUNNING' ? statusOf(found) : undefined;
  }

  /** Those that run for this task queue, by name. */
  private async running(): Promise<Map<string, CredentialsStatus>> {
    const query = `WorkflowType = 'credentials' AND ExecutionStatus = 'Running'`;
    const found = await this.temporal.read(async () => {
      const names: string[] = [];
      for await (const { workflowId, taskQueue } of this.temporal.client.workflow.list({ query })) {
        if (taskQueue === this.configuration.taskQueue) names.push(workflowId.replace(/^credentials\//, ''));
      }
      return names;
    });
    // Visibility lags behind: those that are declared are looked up by themselves.
    const names = new Set([...this.declared.map(({ name }) => name), ...found.sort()]);
    const statuses = new Map<string, CredentialsStatus>();
    for (const name of names) {
      const status = await this.find(name);
      if (status !== undefined) statuses.set(name, status);
    }
    return statuses;
  }
}

const unknown = (name: string): UsageError =>
  new UsageError(`There are no credentials ${name}; \`sluice credentials list\` shows them.`);

const statusOf = ({ memo }: Pick<WorkflowExecutionInfo, 'memo'>): CredentialsStatus | undefined =>
  memo?.credentials as CredentialsStatus | undefined;

/** @param declared what the configuration says, where it names them. */
function stateOf(status: CredentialsStatus | undefined, declared?: CredentialsDeclaration): CredentialsState {
  const declaration = declared ?? status?.declaration;
  if (declaration === undefined) throw new ApplicationFailure('credentials without a declaration');
  const { name, roleArn, target } = declaration;
  const base = { name, roleArn, target, workflowId: idOf(name), refreshes: 0 };
  if (status === undefined) return { ...base, state: 'not applied' };
  const { expiration, version, refreshedAt, refreshAt, refreshes, failure } = status;
  const isExpired = expiration !== undefined && Date.parse(expiration) <= Date.now();
  const state = isExpired
    ? 'expired'
    : failure !== undefined
      ? 'failing'
      : expiration === undefined
        ? 'pending'
        : 'fresh';
  return { ...base, state, expiration, version, refreshedAt, refreshAt, refreshes, failure };
}
