import type { Client } from '@temporalio/client';
import { heartbeatsIn } from '../../model/cost/heartbeats.js';
import { countActions } from '../../model/cost/temporal-actions.js';
import type { ActionEvent } from '../../model/cost/temporal-actions.js';
import type { RunUsage } from '../../model/cost/usage.js';

type History = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>;
/** An event of a history as Temporal's client gives it. */
export type HistoryEvent = NonNullable<History['events']>[number];

function actionEvent(event: HistoryEvent): ActionEvent {
  const field = Object.entries(event).find(([name, value]) => name.endsWith('EventAttributes') && value)?.[0] ?? '';
  const type = field.charAt(0).toUpperCase() + field.slice(1, -'EventAttributes'.length);
  const started = event.workflowExecutionStartedEventAttributes;
  const upserted = event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes?.indexedFields;
  return {
    type,
    attempt: event.activityTaskStartedEventAttributes?.attempt ?? undefined,
    fromWorkflow: Boolean(event.workflowExecutionSignaledEventAttributes?.externalWorkflowExecution),
    child: Boolean(started?.parentWorkflowExecution),
    scheduled: started?.searchAttributes?.indexedFields?.['TemporalScheduledById'] !== undefined,
    versionOnly: upserted ? Object.keys(upserted).every((name) => name === 'TemporalChangeVersion') : false,
  };
}

const time = (event: HistoryEvent | undefined): number =>
  Number(event?.eventTime?.seconds ?? 0) + Number(event?.eventTime?.nanos ?? 0) / 1e9;

/** Heartbeats of the ended activities, by how long they took. */
function heartbeats(events: readonly HistoryEvent[]): number {
  const byId = new Map(events.map((event) => [String(event.eventId), event]));
  return events.reduce((sum, event) => {
    const ended =
      event.activityTaskCompletedEventAttributes ??
      event.activityTaskFailedEventAttributes ??
      event.activityTaskCanceledEventAttributes ??
      event.activityTaskTimedOutEventAttributes;
    const started = byId.get(String(ended?.startedEventId));
    const scheduled = byId.get(String(ended?.scheduledEventId))?.activityTaskScheduledEventAttributes;
    const timeout = Number(scheduled?.heartbeatTimeout?.seconds ?? 0);
    return ended && started && timeout > 0 ? sum + heartbeatsIn(time(event) - time(started), timeout) : sum;
  }, 0);
}

/** Actions and heartbeats of one history, without those of child workflows. */
export function usageOf(events: readonly HistoryEvent[]): { readonly actions: number; readonly heartbeats: number } {
  return { actions: countActions(events.map(actionEvent)), heartbeats: heartbeats(events) };
}

/** Actions and heartbeats of an execution, up to now, and of its child workflows. */
export async function measureTemporal(
  temporal: Client,
  { workflowId, runId }: { readonly workflowId: string; readonly runId: string }
): Promise<RunUsage['temporal']> {
  const { events } = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
  const own = events ?? [];
  const children = own.flatMap(({ childWorkflowExecutionStartedEventAttributes: started }) =>
    started?.workflowExecution ? [started.workflowExecution] : []
  );
  const usages = await Promise.all(
    children.map(({ workflowId: id, runId: run }) =>
      measureTemporal(temporal, { workflowId: id ?? '', runId: run ?? '' })
    )
  );
  const sum = (of: (usage: RunUsage['temporal']) => number | null): number =>
    usages.reduce((all, usage) => all + (of(usage) ?? 0), 0);
  const mine = usageOf(own);
  return {
    actions: mine.actions + sum(({ actions }) => actions),
    heartbeats: mine.heartbeats + sum((usage) => usage.heartbeats),
  };
}
