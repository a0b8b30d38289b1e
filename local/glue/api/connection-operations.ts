import { z } from 'zod';
import { AwsError } from '../../gateway/aws-error.js';
import type { JsonOperation } from '../../gateway/service.js';
import type { EntityStore } from '../../state/entity-store.js';
import { nameString, operation, pageOf, paging, stringMap } from '../../gateway/check-request.js';

const hidden = { HidePassword: z.boolean().optional() };

/** A connection as GetConnection answers it. Passwords stay with the local AWS, asked for or not. */
function connectionEntity(name: string, url: string): object {
  const { hostname, port, pathname, username } = new URL(url);
  return {
    Name: name,
    ConnectionType: 'JDBC',
    ConnectionProperties: {
      // Redshift's driver and PostgreSQL's speak the same protocol; the local warehouse is a PostgreSQL.
      JDBC_CONNECTION_URL: `jdbc:postgresql://${hostname}:${port === '' ? '5432' : port}${pathname}`,
      JDBC_ENFORCE_SSL: 'false',
      USERNAME: decodeURIComponent(username),
    },
  };
}

/** Operations on connections (fixed when the local Glue starts) and on tags. */
export function connectionOperations(connections: Readonly<Record<string, string>>): Record<string, JsonOperation> {
  return {
    GetConnection: operation(z.object({ Name: nameString, ...hidden }), async ({ Name }) => {
      const url = connections[Name];
      if (url === undefined) throw new AwsError('EntityNotFoundException', `Connection ${Name} not found.`);
      return { Connection: connectionEntity(Name, url) };
    }),
    GetConnections: operation(z.object({ ...paging(1000), ...hidden }), async (request) => {
      const all = Object.entries(connections).map(([key, url]) => ({ key, value: connectionEntity(key, url) }));
      all.sort((left, right) => (left.key < right.key ? -1 : 1));
      const { items, NextToken } = pageOf(all, request);
      return { ConnectionList: items, NextToken };
    }),
  };
}

/** Operations on the tags of jobs; `exists` tells whether an ARN names something. */
export function tagOperations(
  tags: EntityStore<Record<string, string>>,
  exists: (arn: string) => boolean
): Record<string, JsonOperation> {
  const known = (arn: string): Record<string, string> => {
    if (!exists(arn)) throw new AwsError('EntityNotFoundException', `Resource ${arn} not found.`);
    return tags.get(arn) ?? {};
  };
  const resource = { ResourceArn: z.string().min(1) };
  return {
    GetTags: operation(z.object(resource), async ({ ResourceArn }) => ({ Tags: known(ResourceArn) })),
    TagResource: operation(z.object({ ...resource, TagsToAdd: stringMap }), async ({ ResourceArn, TagsToAdd }) => {
      const all = { ...known(ResourceArn), ...TagsToAdd };
      if (Object.keys(all).length > 50) throw new AwsError('ResourceNumberLimitExceededException', 'More than 50 tags');
      await tags.put(ResourceArn, all);
      return {};
    }),
    UntagResource: operation(z.object({ ...resource, TagsToRemove: z.array(z.string()) }), async (request) => {
      const left = Object.entries(known(request.ResourceArn)).filter(([name]) => !request.TagsToRemove.includes(name));
      await tags.put(request.ResourceArn, Object.fromEntries(left));
      return {};
    }),
  };
}
