import {
  ApplicationFailure,
  allHandlersFinished,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  log,
  makeContinueAsNewFunc,
  proxyActivities,
  rootCause,
  setCurrentDetails,
  setHandler,
  setWorkflowOptions,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../../activities/index.js';
import { movesToNewVersions } from '../worker-traits.js';
import { credentialsNotification, targetName } from './alerts.js';
import { alertOf, patience, refreshTime, retryPause } from './times.js';
import type { CredentialsInput, CredentialsSettings, CredentialsStatus } from './types.js';

/** How the credentials stand. */
export const credentialsStatusQuery = defineQuery<CredentialsStatus>('credentialsStatus');

/** Refreshes at once, and answers when that is done; fails when it could not be done: the old ones stay current. */
export const refreshNowUpdate = defineUpdate<CredentialsStatus>('refreshNow');

/** Replaces what is declared; a change is followed by a refresh. */
export const configureSignal = defineSignal<[CredentialsSettings]>('configure');

const { refreshCredentials } = proxyActivities<Activities>({
  startToCloseTimeout: '3m',
  heartbeatTimeout: '20s',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});
const { publishNotification } = proxyActivities<Activities>({
  startToCloseTimeout: '1m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: 10 },
});

/**
 * Keeps one set of temporary credentials fresh: at two thirds of their lifetime, when asked to, and when their
 * declaration has changed. A refresh that fails leaves the old credentials as they are, is tried again until it
 * succeeds, and is told of while there is still time. Goes on until it is cancelled; history is bounded by continuing
 * as new.
 */
export async function credentials(input: CredentialsInput): Promise<void> {
  const { maximumEvents = 2_000 } = input;
  let settings: CredentialsSettings = { credentials: input.credentials, deployment: input.deployment };
  let status: CredentialsStatus = input.status ?? {
    name: input.credentials.name,
    declaration: input.credentials,
    refreshes: 0,
  };
  let asked = 0;
  let served = 0;

  setHandler(credentialsStatusQuery, () => status);
  setHandler(refreshNowUpdate, async () => {
    const mine = (asked += 1);
    await condition(() => served >= mine);
    if (status.failure === undefined) return status;
    throw ApplicationFailure.nonRetryable(status.failure.message, 'CredentialsNotRefreshed');
  });
  setHandler(configureSignal, (next) => {
    const isChanged = JSON.stringify(next.credentials) !== JSON.stringify(settings.credentials);
    settings = next;
    if (isChanged) asked += 1;
  });

  const execution = workflowInfo().firstExecutionRunId;
  const stepOf = (step: string) => ({
    scope: { pipeline: `credentials/${status.name}`, runKey: `${execution}/${status.refreshes}`, planHash: '' },
    stage: 'credentials',
    step,
  });
  const show = (next: CredentialsStatus): void => {
    status = next;
    setCurrentDetails(describe(status));
    upsertMemo({ credentials: status });
  };

  const tell = async (kind: 'not-refreshed' | 'expired' | 'recovered'): Promise<void> => {
    const notification = credentialsNotification(kind, status, execution);
    try {
      const { deployment } = settings;
      const told = { ...stepOf(kind), deployment, notification };
      await publishNotification.executeWithOptions({ summary: kind }, [told]);
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.error('Nobody could be told of the credentials', { kind, error });
    }
  };

  /** Refreshes, and gives the time of the next. */
  const refresh = async (): Promise<number> => {
    const serving = asked;
    const { credentials: declared } = settings;
    const began = Date.now();
    const scheduleToCloseTimeout = patience(declared.durationSeconds);
    try {
      const { expiration, version } = await refreshCredentials.executeWithOptions(
        { scheduleToCloseTimeout, summary: `refresh ${status.refreshes + 1} of ${status.name}` },
        [{ ...stepOf('refresh'), credentials: declared, refresh: `${execution}/${status.refreshes + 1}` }]
      );
      const { alerted, refreshes, name } = status;
      const due = refreshTime(expiration, declared.durationSeconds, began);
      const refreshedAt = new Date().toISOString();
      const refreshAt = new Date(due).toISOString();
      show({ name, declaration: declared, expiration, version, refreshedAt, refreshAt, refreshes: refreshes + 1 });
      served = serving;
      if (alerted !== undefined) await tell('recovered');
      return due;
    } catch (error) {
      if (isCancellation(error)) throw error;
      const now = Date.now();
      const { since = new Date(now).toISOString(), attempts = 0 } = status.failure ?? {};
      const failure = { message: rootCause(error) ?? 'no message', since, attempts: attempts + 1 };
      const isPermanent = !(isOfTime(error) || isTransient(error));
      const due = now + retryPause(declared.durationSeconds);
      const alert = alertOf(status, { isPermanent, now });
      const isNews = alert !== undefined && alert !== status.alerted && status.alerted !== 'expired';
      show({
        ...status,
        refreshAt: new Date(due).toISOString(),
        failure,
        ...(isNews && { alerted: alert }),
      });
      served = serving;
      if (isNews) await tell(alert);
      return due;
    }
  };

  let due = status.refreshAt === undefined ? 0 : Date.parse(status.refreshAt);
  for (;;) {
    const wait = due - Date.now();
    if (wait > 0) await condition(() => asked > served, wait, { summary: `until ${new Date(due).toISOString()}` });
    due = await refresh();
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    if ((continueAsNewSuggested || historyLength > maximumEvents) && asked === served) {
      await condition(allHandlersFinished);
      if (asked !== served) continue;
      const again = makeContinueAsNewFunc<typeof credentials>({ memo: { credentials: status } });
      await again({ ...settings, status, maximumEvents });
    }
  }
}

/** It outlives every version of the worker. */
setWorkflowOptions(movesToNewVersions(), credentials);

/** Innermost failures that a later try may not meet. */
function isTransient(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApplicationFailure) return cause.type !== 'Permanent';
  }
  return false;
}

const isOfTime = (error: unknown): boolean =>
  error instanceof Error && (error.cause as Error | undefined)?.name === 'TimeoutFailure';

function describe(status: CredentialsStatus): string {
  const { declaration, expiration, version, refreshAt, failure } = status;
  return [
    `**${targetName(declaration)}**`,
    `- role ${declaration.roleArn}`,
    `- expiration ${expiration ?? 'none yet'}, version ${version ?? 'none yet'}`,
    `- next refresh ${refreshAt ?? 'now'}`,
    ...(failure === undefined ? [] : [`- failing since ${failure.since}: ${failure.message}`]),
  ].join('\n');
}
