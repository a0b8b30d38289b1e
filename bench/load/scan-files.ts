import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { paginateScan } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

const segments = 4;

/**
 * What stands in for an export where there is none: a parallel Scan into files such as an export writes, gzip of one
 * `{"Item":{…}}` a line. The items must hold no binary values.
 * @returns the files' paths
 */
export async function scanToFiles(client: DynamoDBClient, table: string, folder: string): Promise<string[]> {
  return Promise.all(
    Array.from({ length: segments }, async (_, segment) => {
      async function* text(): AsyncGenerator<string> {
        const input = { TableName: table, Segment: segment, TotalSegments: segments, ConsistentRead: true };
        for await (const { Items = [] } of paginateScan({ client }, input)) {
          if (Items.length > 0) yield `${Items.map((item) => JSON.stringify({ Item: item })).join('\n')}\n`;
        }
      }
      const file = join(folder, `scan-${segment}.json.gz`);
      await pipeline(Readable.from(text()), createGzip({ level: 3 }), createWriteStream(file));
      return file;
    })
  );
}
