import { z } from 'zod';
import { DqdlSyntaxError, parse } from '../../../quality/index.js';
import { AwsError } from '../../gateway/aws-error.js';
import type { JsonOperation } from '../../gateway/service.js';
import type { Catalog } from '../api/catalog.js';
import type { EntityStore } from '../../state/entity-store.js';
import { epochSeconds, nameString, operation, pageOf, paging, stringMap } from '../../gateway/check-request.js';

/** A ruleset as it is kept. Times are seconds since the epoch. */
export interface RulesetEntity {
  readonly Name: string;
  readonly Description?: string | undefined;
  /** DQDL. */
  readonly Ruleset: string;
  readonly TargetTable?: { readonly TableName: string; readonly DatabaseName: string } | undefined;
  readonly DataQualitySecurityConfiguration?: string | undefined;
  readonly RecommendationRunId?: string;
  readonly ClientToken?: string | undefined;
  readonly CreatedOn: number;
  readonly LastModifiedOn: number;
}

const text = z.string().min(1).max(65_536);
const targetTable = z.object({ TableName: nameString, DatabaseName: nameString, CatalogId: nameString.optional() });
const time = z.number().optional();

/** How many rules a text has. @throws AwsError `InvalidInputException` for a text that is not DQDL. */
export function countRules(dqdl: string): number {
  try {
    return parse(dqdl).rules.length;
  } catch (error) {
    if (!(error instanceof DqdlSyntaxError)) throw error;
    throw new AwsError('InvalidInputException', `Error parsing DQDL: ${error.message}`);
  }
}

/** The operations on rulesets. `tags` keeps the tags given at creation, by ARN. */
export function rulesetOperations(
  rulesets: EntityStore<RulesetEntity>,
  catalog: Catalog,
  tag: (ruleset: string, tags: Record<string, string>) => Promise<void>
): Record<string, JsonOperation> {
  const get = (name: string): RulesetEntity => {
    const ruleset = rulesets.get(name);
    if (ruleset === undefined) throw new AwsError('EntityNotFoundException', `The ruleset ${name} was not found.`);
    return ruleset;
  };
  const create = z.object({
    Name: nameString,
    Description: z.string().max(2048).optional(),
    Ruleset: text,
    Tags: stringMap.optional(),
    TargetTable: targetTable.optional(),
    DataQualitySecurityConfiguration: z.string().optional(),
    ClientToken: nameString.optional(),
  });
  const filter = z.object({
    Name: nameString.optional(),
    Description: z.string().optional(),
    CreatedBefore: time,
    CreatedAfter: time,
    LastModifiedBefore: time,
    LastModifiedAfter: time,
    TargetTable: targetTable.optional(),
  });
  return {
    CreateDataQualityRuleset: operation(create, async ({ Tags, ...request }) => {
      countRules(request.Ruleset);
      const old = rulesets.get(request.Name);
      if (old !== undefined) {
        if (
          old.ClientToken !== undefined &&
          old.ClientToken === request.ClientToken &&
          old.Ruleset === request.Ruleset
        ) {
          return { Name: old.Name };
        }
        throw new AwsError('AlreadyExistsException', `A ruleset named ${request.Name} already exists.`);
      }
      const { TargetTable: target } = request;
      if (target !== undefined) catalog.table(target.DatabaseName, target.TableName);
      const now = epochSeconds();
      await rulesets.put(request.Name, { ...request, CreatedOn: now, LastModifiedOn: now });
      if (Tags !== undefined) await tag(request.Name, Tags);
      return { Name: request.Name };
    }),
    GetDataQualityRuleset: operation(z.object({ Name: nameString }), async ({ Name }) => {
      const { ClientToken: _token, ...ruleset } = get(Name);
      return ruleset;
    }),
    UpdateDataQualityRuleset: operation(
      z.object({ Name: nameString, Description: z.string().max(2048).optional(), Ruleset: text.optional() }),
      async ({ Name, Description, Ruleset }) => {
        const old = get(Name);
        if (Ruleset !== undefined) countRules(Ruleset);
        const next = {
          ...old,
          Ruleset: Ruleset ?? old.Ruleset,
          Description: Description ?? old.Description,
          LastModifiedOn: epochSeconds(),
        };
        await rulesets.put(Name, next);
        return { Name, Description: next.Description, Ruleset: next.Ruleset };
      }
    ),
    DeleteDataQualityRuleset: operation(z.object({ Name: nameString }), async ({ Name }) => {
      get(Name);
      await rulesets.delete(Name);
      return {};
    }),
    ListDataQualityRulesets: operation(
      z.object({ ...paging(1000), Filter: filter.optional(), Tags: stringMap.optional() }),
      async (request) => {
        const wanted = request.Filter ?? {};
        const matching = rulesets.list().filter(({ value }) => matches(value, wanted));
        const { items, NextToken } = pageOf(matching, request);
        return { Rulesets: items.map(summary), NextToken };
      }
    ),
  };
}

function matches(
  ruleset: RulesetEntity,
  wanted: {
    readonly Name?: string | undefined;
    readonly Description?: string | undefined;
    readonly CreatedBefore?: number | undefined;
    readonly CreatedAfter?: number | undefined;
    readonly LastModifiedBefore?: number | undefined;
    readonly LastModifiedAfter?: number | undefined;
    readonly TargetTable?: { readonly TableName: string; readonly DatabaseName: string } | undefined;
  }
): boolean {
  const { TargetTable: target } = wanted;
  return (
    (wanted.Name === undefined || ruleset.Name === wanted.Name) &&
    (wanted.Description === undefined || ruleset.Description === wanted.Description) &&
    ruleset.CreatedOn < (wanted.CreatedBefore ?? Infinity) &&
    ruleset.CreatedOn > (wanted.CreatedAfter ?? -Infinity) &&
    ruleset.LastModifiedOn < (wanted.LastModifiedBefore ?? Infinity) &&
    ruleset.LastModifiedOn > (wanted.LastModifiedAfter ?? -Infinity) &&
    (target === undefined ||
      (ruleset.TargetTable?.TableName === target.TableName && ruleset.TargetTable.DatabaseName === target.DatabaseName))
  );
}

function summary({
  Name,
  Description,
  CreatedOn,
  LastModifiedOn,
  TargetTable,
  RecommendationRunId,
  Ruleset,
}: RulesetEntity) {
  const RuleCount = countRules(Ruleset);
  return { Name, Description, CreatedOn, LastModifiedOn, TargetTable, RecommendationRunId, RuleCount };
}
