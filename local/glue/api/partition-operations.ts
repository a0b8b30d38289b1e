import type { PartitionInput } from '@aws-sdk/client-glue';
import { z } from 'zod';
import { AwsError } from '../../gateway/aws-error.js';
import type { JsonOperation } from '../../gateway/service.js';
import { nameString, operation, pageOf, paging } from '../../gateway/check-request.js';
import { errorDetail } from './catalog-operations.js';
import type { Catalog, PartitionEntity } from './catalog.js';

const values = z.array(z.string().max(1024));
const valueList = z.object({ Values: values });
const partitionInput = z.looseObject({ Values: values });
const inTable = { DatabaseName: nameString, TableName: nameString };

/**
 * GetPartitions' `Expression`, of which the local Glue takes equalities joined by AND: `year = '2024' AND month = 5`.
 * Throws {@link AwsError} `InvalidInputException` for everything else, rather than give wrong partitions.
 */
function partitionFilter(
  expression: string | undefined,
  keys: readonly string[]
): (partition: PartitionEntity) => boolean {
  if (expression === undefined || expression.trim() === '') return () => true;
  const tests = expression.split(/\s+and\s+/i).map((term) => {
    const match = /^\s*"?(\w+)"?\s*=\s*(?:'((?:[^']|'')*)'|(-?\d+))\s*$/.exec(term);
    const index = keys.indexOf(match?.[1]?.toLowerCase() ?? '');
    if (match === null || index < 0)
      throw new AwsError('InvalidInputException', `Unsupported expression '${expression}'`);
    const value = match[2]?.replaceAll("''", "'") ?? match[3];
    return (partition: PartitionEntity) => partition.Values[index] === value;
  });
  return (partition) => tests.every((test) => test(partition));
}

/** Operations on the partitions of catalog tables. */
export function partitionOperations(catalog: Catalog): Record<string, JsonOperation> {
  const each = async <T>(
    list: readonly T[],
    valuesOf: (entry: T) => string[],
    work: (entry: T) => Promise<void>
  ): Promise<object> => {
    const Errors: object[] = [];
    for (const entry of list) {
      try {
        await work(entry);
      } catch (error) {
        Errors.push({ PartitionValues: valuesOf(entry), ErrorDetail: errorDetail(error) });
      }
    }
    return { Errors };
  };
  return {
    CreatePartition: operation(z.object({ ...inTable, PartitionInput: partitionInput }), async (request) => {
      await catalog.createPartition(
        request.DatabaseName,
        request.TableName,
        request.PartitionInput satisfies PartitionInput
      );
      return {};
    }),
    BatchCreatePartition: operation(
      z.object({ ...inTable, PartitionInputList: z.array(partitionInput).max(100) }),
      async ({ DatabaseName, TableName, PartitionInputList }) => {
        catalog.table(DatabaseName, TableName);
        return each(
          PartitionInputList,
          (input) => input.Values,
          (input) => catalog.createPartition(DatabaseName, TableName, input)
        );
      }
    ),
    GetPartition: operation(z.object({ ...inTable, PartitionValues: values }), async (request) => ({
      Partition: catalog.partition(request.DatabaseName, request.TableName, request.PartitionValues),
    })),
    BatchGetPartition: operation(
      z.object({ ...inTable, PartitionsToGet: z.array(valueList).max(1000) }),
      async ({ DatabaseName, TableName, PartitionsToGet }) => {
        catalog.table(DatabaseName, TableName);
        const found = PartitionsToGet.map(({ Values }) => ({
          Values,
          partition: catalog.partitions.get(catalog.partitionKey(DatabaseName, TableName, Values)),
        }));
        return {
          Partitions: found.flatMap(({ partition }) => partition ?? []),
          UnprocessedKeys: found.filter(({ partition }) => partition === undefined).map(({ Values }) => ({ Values })),
        };
      }
    ),
    GetPartitions: operation(
      z.object({ ...inTable, Expression: z.string().optional(), ...paging(1000) }),
      async (request) => {
        const table = catalog.table(request.DatabaseName, request.TableName);
        const keys = (table.PartitionKeys ?? []).map((key) => String(key.Name).toLowerCase());
        const wanted = partitionFilter(request.Expression, keys);
        const all = catalog.partitions.list(catalog.partitionKey(request.DatabaseName, request.TableName, []));
        const { items, NextToken } = pageOf(
          all.filter(({ value }) => wanted(value)),
          request
        );
        return { Partitions: items, NextToken };
      }
    ),
    UpdatePartition: operation(
      z.object({ ...inTable, PartitionValueList: values, PartitionInput: partitionInput }),
      async (request) => {
        const { DatabaseName, TableName, PartitionValueList, PartitionInput } = request;
        await catalog.updatePartition(DatabaseName, TableName, PartitionValueList, PartitionInput);
        return {};
      }
    ),
    DeletePartition: operation(z.object({ ...inTable, PartitionValues: values }), async (request) => {
      await catalog.deletePartition(request.DatabaseName, request.TableName, request.PartitionValues);
      return {};
    }),
    BatchDeletePartition: operation(
      z.object({ ...inTable, PartitionsToDelete: z.array(valueList).max(25) }),
      async ({ DatabaseName, TableName, PartitionsToDelete }) => {
        catalog.table(DatabaseName, TableName);
        return each(
          PartitionsToDelete,
          (entry) => entry.Values,
          (entry) => catalog.deletePartition(DatabaseName, TableName, entry.Values)
        );
      }
    ),
  };
}
