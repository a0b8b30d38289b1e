import { randomUUID } from 'node:crypto';
import type { ClassicLevel } from 'classic-level';
import { z } from 'zod';
import { AwsError } from '../gateway/aws-error.js';
import type { JsonOperation, JsonService } from '../gateway/service.js';
import { compoundKey, EntityStore, serviceLevel } from '../state/entity-store.js';
import { operation, pageOf } from '../gateway/check-request.js';
import { matchesPattern, parsePattern } from './event-pattern.js';

/** How the local EventBridge is started. */
export interface EventsOptions {
  readonly db: ClassicLevel<string, string>;
  readonly account: string;
  readonly region: string;
  /** Delivers an event's JSON to a rule's target. Failures are for the target to tell; delivery is best effort. */
  readonly deliver: (targetArn: string, event: string) => Promise<void>;
}

/** An event without its envelope. */
export interface EventEntry {
  readonly source: string;
  readonly detailType: string;
  readonly detail: object;
  readonly resources?: readonly string[];
}

/** The default event bus of the local AWS. */
export interface EventBus extends JsonService {
  /** Puts an event of an AWS service on the bus; resolves when the targets have been tried. */
  put(event: EventEntry): Promise<void>;
}

interface RuleEntity {
  readonly Name: string;
  readonly EventPattern: string;
  readonly State: 'ENABLED' | 'DISABLED';
  readonly Description?: string | undefined;
}

interface TargetEntity {
  readonly Id: string;
  readonly Arn: string;
  readonly InputPath?: string | undefined;
  readonly Input?: string | undefined;
}

const name = z
  .string()
  .regex(/^[.\-_A-Za-z0-9]{1,64}$/, 'Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+');
const bus = { EventBusName: z.enum(['default']).optional() };
const paging = { Limit: z.number().int().min(1).max(100).optional(), NextToken: z.string().optional() };

/** Amazon EventBridge as far as Sluice uses it: rules with event patterns on the default bus, and their targets. */
export async function createEvents({ db, account, region, deliver }: EventsOptions): Promise<EventBus> {
  const level = serviceLevel(db, 'events');
  const rules = await EntityStore.open<RuleEntity>(level, 'rules');
  const targets = await EntityStore.open<TargetEntity>(level, 'targets');
  const arnOf = (rule: string): string => `arn:aws:events:${region}:${account}:rule/${rule}`;
  const rule = (Name: string): RuleEntity => {
    const found = rules.get(Name);
    if (found === undefined) throw new AwsError('ResourceNotFoundException', `Rule ${Name} does not exist.`);
    return found;
  };
  const answer = (entity: RuleEntity): object => ({ ...entity, Arn: arnOf(entity.Name), EventBusName: 'default' });

  const put = async ({ source, detailType, detail, resources }: EventEntry): Promise<string> => {
    const id = randomUUID();
    const event = {
      version: '0',
      id,
      'detail-type': detailType,
      source,
      account,
      time: `${new Date().toISOString().slice(0, 19)}Z`,
      region,
      resources: resources ?? [],
      detail,
    };
    const matching = rules.list().filter(({ value }) => value.State === 'ENABLED' && matches(value, event));
    const deliveries = matching.flatMap(({ value }) =>
      targets.list(compoundKey(value.Name)).map(({ value: { Arn, Input, InputPath } }) => {
        const part = InputPath === '$.detail' ? event.detail : event;
        return deliver(Arn, Input ?? JSON.stringify(part));
      })
    );
    await Promise.allSettled(deliveries);
    return id;
  };

  const setState = (State: RuleEntity['State']): JsonOperation =>
    operation(z.object({ Name: name, ...bus }), async ({ Name }) => {
      await rules.put(Name, { ...rule(Name), State });
      return {};
    });
  const target = z.object({
    Id: z.string().min(1).max(64),
    Arn: z.string().min(1).max(1600),
    Input: z.string().max(8192).optional(),
    InputPath: z.enum(['$', '$.detail']).optional(),
  });
  const entry = z.object({
    Source: z.string().min(1),
    DetailType: z.string().min(1).max(128),
    Detail: z.string(),
    Resources: z.array(z.string()).optional(),
    EventBusName: z.string().optional(),
    Time: z.number().optional(),
  });
  return {
    target: 'AWSEvents',
    put: async (event) => void (await put(event)),
    operations: {
      PutRule: operation(
        z.object({
          Name: name,
          EventPattern: z.string().max(4096),
          State: z.enum(['ENABLED', 'DISABLED']).optional(),
          Description: z.string().max(512).optional(),
          ...bus,
        }),
        async ({ Name, EventPattern, State, Description }) => {
          parsePattern(EventPattern);
          await rules.put(Name, { Name, EventPattern, State: State ?? 'ENABLED', Description });
          return { RuleArn: arnOf(Name) };
        }
      ),
      DescribeRule: operation(z.object({ Name: name, ...bus }), async ({ Name }) => answer(rule(Name))),
      EnableRule: setState('ENABLED'),
      DisableRule: setState('DISABLED'),
      DeleteRule: operation(z.object({ Name: name, ...bus }), async ({ Name }) => {
        if (targets.list(compoundKey(Name)).length > 0) {
          throw new AwsError('ValidationException', "Rule can't be deleted since it has targets.");
        }
        await rules.delete(Name);
        return {};
      }),
      ListRules: operation(z.object({ NamePrefix: name.optional(), ...bus, ...paging }), async (request) => {
        const { items, NextToken } = pageOf(rules.list(request.NamePrefix ?? ''), {
          ...request,
          MaxResults: request.Limit,
        });
        return { Rules: items.map(answer), NextToken };
      }),
      PutTargets: operation(
        z.object({ Rule: name, Targets: z.array(target).min(1).max(100), ...bus }),
        async (request) => {
          rule(request.Rule);
          for (const one of request.Targets) await targets.put(compoundKey(request.Rule, one.Id), one);
          return { FailedEntryCount: 0, FailedEntries: [] };
        }
      ),
      RemoveTargets: operation(z.object({ Rule: name, Ids: z.array(z.string()).min(1), ...bus }), async (request) => {
        rule(request.Rule);
        for (const id of request.Ids) await targets.delete(compoundKey(request.Rule, id));
        return { FailedEntryCount: 0, FailedEntries: [] };
      }),
      ListTargetsByRule: operation(z.object({ Rule: name, ...bus, ...paging }), async (request) => {
        rule(request.Rule);
        const { items, NextToken } = pageOf(targets.list(compoundKey(request.Rule)), {
          ...request,
          MaxResults: request.Limit,
        });
        return { Targets: items, NextToken };
      }),
      PutEvents: operation(z.object({ Entries: z.array(entry).min(1).max(10) }), async ({ Entries }) => {
        const results = await Promise.all(Entries.map((one) => putEntry(one, put)));
        return { FailedEntryCount: results.filter((one) => 'ErrorCode' in one).length, Entries: results };
      }),
      TestEventPattern: operation(
        z.object({ EventPattern: z.string().max(4096), Event: z.string() }),
        async ({ EventPattern, Event }) => ({
          Result: matchesPattern(parsePattern(EventPattern), JSON.parse(Event) as Readonly<Record<string, unknown>>),
        })
      ),
    },
    close: () => Promise.resolve(),
  };
}

function matches(entity: RuleEntity, event: Readonly<Record<string, unknown>>): boolean {
  return matchesPattern(parsePattern(entity.EventPattern), event);
}

async function putEntry(
  entry: {
    readonly Source: string;
    readonly DetailType: string;
    readonly Detail: string;
    readonly Resources?: string[] | undefined;
  },
  put: (event: EventEntry) => Promise<string>
): Promise<{ EventId: string } | { ErrorCode: string; ErrorMessage: string }> {
  let detail: unknown;
  try {
    detail = JSON.parse(entry.Detail);
  } catch {
    return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  }
  if (typeof detail !== 'object' || detail === null) {
    return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  }
  const { Source: source, DetailType: detailType, Resources: resources } = entry;
  return { EventId: await put({ source, detailType, detail, ...(resources === undefined ? {} : { resources }) }) };
}
