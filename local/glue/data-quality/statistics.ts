import { createHash } from 'node:crypto';
import type { InclusionAnnotationValue, StatisticEvaluationLevel } from '@aws-sdk/client-glue';
import { z } from 'zod';
import { AwsError } from '../../gateway/aws-error.js';
import type { JsonOperation } from '../../gateway/service.js';
import { compoundKey } from '../../state/entity-store.js';
import type { EntityStore } from '../../state/entity-store.js';
import { epochSeconds, nameString, operation, pageOf, paging } from '../../gateway/check-request.js';
import type { SourceTable } from './data-source.js';

/** One value of one metric of one table. Times are seconds since the epoch. */
export interface StatisticEntity {
  readonly StatisticId: string;
  readonly ProfileId: string;
  readonly RunId: string;
  /** The metric's key, such as `Column.price.Completeness`. */
  readonly Metric: string;
  readonly DoubleValue: number;
  readonly RecordedOn: number;
  readonly InclusionAnnotation?: { readonly Value: InclusionAnnotationValue; readonly LastModifiedOn: number };
}

/** One id for every value of a metric of a table, so that its history can be listed. */
function statisticId({ database, table }: SourceTable, metric: string): string {
  return createHash('sha256').update(`${database}\0${table}\0${metric}`).digest('hex').slice(0, 32);
}

const statisticKey = (profileId: string, id: string): string => compoundKey(profileId, id);

/** Keeps the metrics of one result. */
export async function recordStatistics(
  statistics: EntityStore<StatisticEntity>,
  source: SourceTable,
  result: { readonly profileId: string; readonly runId: string; readonly metrics: Readonly<Record<string, number>> }
): Promise<void> {
  const RecordedOn = epochSeconds();
  for (const [Metric, DoubleValue] of Object.entries(result.metrics)) {
    const StatisticId = statisticId(source, Metric);
    await statistics.put(statisticKey(result.profileId, StatisticId), {
      StatisticId,
      ProfileId: result.profileId,
      RunId: result.runId,
      Metric,
      DoubleValue,
      RecordedOn,
    });
  }
}

/** Earlier values of a metric of a table, newest first, without those that a person has excluded. */
export function historyOf(statistics: EntityStore<StatisticEntity>, source: SourceTable, metric: string): number[] {
  const id = statisticId(source, metric);
  return statistics
    .list()
    .map(({ value }) => value)
    .filter((value) => value.StatisticId === id && value.InclusionAnnotation?.Value !== 'EXCLUDE')
    .sort((left, right) => right.RecordedOn - left.RecordedOn)
    .map(({ DoubleValue }) => DoubleValue);
}

/** `Column.price.Completeness` → level, columns and name. A column's name may itself have dots. */
function partsOf(metric: string): { level: StatisticEvaluationLevel; columns: string[]; name: string } {
  const [level = '', ...rest] = metric.split('.');
  const name = rest.pop() ?? metric;
  const columns = rest.join('.');
  if (level === 'Column') return { level: 'Column', columns: [columns], name };
  if (level === 'Multicolumn') return { level: 'Multicolumn', columns: columns.split(','), name };
  return { level: 'Dataset', columns: [], name };
}

function summary(entity: StatisticEntity): object {
  const { level, columns, name } = partsOf(entity.Metric);
  return {
    StatisticId: entity.StatisticId,
    ProfileId: entity.ProfileId,
    RunIdentifier: { RunId: entity.RunId },
    StatisticName: name,
    DoubleValue: entity.DoubleValue,
    EvaluationLevel: level,
    ColumnsReferenced: columns,
    RecordedOn: entity.RecordedOn,
    ...(entity.InclusionAnnotation === undefined ? {} : { InclusionAnnotation: entity.InclusionAnnotation }),
  };
}

const timeFilter = z.object({ RecordedBefore: z.number().optional(), RecordedAfter: z.number().optional() });
const which = { StatisticId: nameString.optional(), ProfileId: nameString.optional() };
const annotationValue = z.enum(['INCLUDE', 'EXCLUDE']);

/** The operations on statistics and their annotations. */
export function statisticOperations(statistics: EntityStore<StatisticEntity>): Record<string, JsonOperation> {
  const annotate = async (entity: StatisticEntity, Value: InclusionAnnotationValue): Promise<void> => {
    const InclusionAnnotation = { Value, LastModifiedOn: epochSeconds() };
    await statistics.put(statisticKey(entity.ProfileId, entity.StatisticId), { ...entity, InclusionAnnotation });
  };
  const select = (request: {
    readonly StatisticId?: string | undefined;
    readonly ProfileId?: string | undefined;
    readonly TimestampFilter?: z.infer<typeof timeFilter> | undefined;
  }) =>
    statistics
      .list()
      .filter(
        ({ value }) =>
          (request.StatisticId ?? value.StatisticId) === value.StatisticId &&
          (request.ProfileId ?? value.ProfileId) === value.ProfileId &&
          value.RecordedOn < (request.TimestampFilter?.RecordedBefore ?? Infinity) &&
          value.RecordedOn > (request.TimestampFilter?.RecordedAfter ?? -Infinity)
      );
  const list = z.object({ ...which, TimestampFilter: timeFilter.optional(), ...paging(1000) });
  const batch = z.object({
    InclusionAnnotations: z
      .array(
        z.object({
          ProfileId: nameString.optional(),
          StatisticId: nameString.optional(),
          InclusionAnnotation: annotationValue.optional(),
        })
      )
      .min(1),
    ClientToken: nameString.optional(),
  });
  return {
    ListDataQualityStatistics: operation(list, async (request) => {
      const { items, NextToken } = pageOf(select(request), request);
      return { Statistics: items.map(summary), NextToken };
    }),
    ListDataQualityStatisticAnnotations: operation(list, async (request) => {
      const annotated = select(request).filter(({ value }) => value.InclusionAnnotation !== undefined);
      const { items, NextToken } = pageOf(annotated, request);
      const Annotations = items.map(({ ProfileId, StatisticId, RecordedOn, InclusionAnnotation }) => ({
        ProfileId,
        StatisticId,
        StatisticRecordedOn: RecordedOn,
        InclusionAnnotation,
      }));
      return { Annotations, NextToken };
    }),
    BatchPutDataQualityStatisticAnnotation: operation(batch, async ({ InclusionAnnotations }) => {
      const FailedInclusionAnnotations: object[] = [];
      for (const { ProfileId, StatisticId, InclusionAnnotation } of InclusionAnnotations) {
        const entity = statistics.get(statisticKey(ProfileId ?? '', StatisticId ?? ''));
        if (entity !== undefined && InclusionAnnotation !== undefined) await annotate(entity, InclusionAnnotation);
        else {
          const FailureReason =
            entity === undefined ? 'The statistic was not found.' : 'InclusionAnnotation is missing.';
          FailedInclusionAnnotations.push({ ProfileId, StatisticId, FailureReason });
        }
      }
      return { FailedInclusionAnnotations };
    }),
    PutDataQualityProfileAnnotation: operation(
      z.object({ ProfileId: nameString, InclusionAnnotation: annotationValue }),
      async ({ ProfileId, InclusionAnnotation }) => {
        const profile = select({ ProfileId });
        if (profile.length === 0) {
          throw new AwsError('EntityNotFoundException', `The profile ${ProfileId} was not found.`);
        }
        for (const { value } of profile) await annotate(value, InclusionAnnotation);
        return {};
      }
    ),
  };
}
