import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { root } from '../client/sluice.js';

/** What is looked for: texts that stand nowhere else. */
export const marks = {
  row: 'rOwMaRk7f3a',
  number: '815471149',
  awsSecret: 'aWsSeCrEtMaRk7f3a',
  webhook: 'wEbHoOkMaRk7f3a',
  temporalKey: 'tEmPoRaLkEyMaRk7f3a',
  warehouseSecret: 'wArEhOuSeMaRk7f3a',
} as const;

/** Text and where it was found. */
export interface Evidence {
  readonly where: string;
  readonly bytes: Buffer;
}

/** `where: mark` of each mark in each piece of evidence, as it is and in base64 at each of its three alignments. */
export function findMarks(evidence: readonly Evidence[]): string[] {
  return evidence.flatMap(({ where, bytes }) =>
    Object.entries(marks).flatMap(([name, mark]) => {
      const encoded = ['', 'x', 'xx'].map((before) => {
        const text = Buffer.from(before + mark)
          .toString('base64')
          .replace(/=+$/, '');
        return text.slice(before.length === 0 ? 0 : before.length + 1, -1);
      });
      return [mark, ...encoded].some((text) => bytes.includes(text)) ? [`${where}: ${name}`] : [];
    })
  );
}

/** Items whose every value is marked: a customer, an order, a product, one that is rejected and one of no type. */
export async function putMarkedItems(env: Readonly<Record<string, string>>): Promise<void> {
  const { row, number } = marks;
  const S = (text: string): AttributeValue => ({ S: text });
  const dynamodb = new DynamoDBClient({
    endpoint: env.AWS_ENDPOINT_URL,
    region: env.AWS_REGION,
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  });
  const address = {
    streetname: S(row),
    city: S(row),
    postcode: S(row),
    country: S(row),
    buildingnumber: { N: number },
  };
  const order = { PK: S(`CUST#${row}`), GSIpk: S(`ORD#${row}`), GSIsk: S(`ORD#${row}`), type: S('order') };
  const items: Record<string, AttributeValue>[] = [
    {
      PK: S(`CUST#${row}`),
      SK: S(`CUST#${row}`),
      type: S('customer'),
      username: S(row),
      email: S(`${row}@example.com`),
      fullname: S(`${row} "quoted" it's`),
      address: { M: address },
    },
    {
      ...order,
      SK: S(`ORD#${row}`),
      orderid: S(row),
      numberofitems: { N: '1' },
      orderdate: S('2004-12-01T00:00:00Z'),
      amount: { N: number },
    },
    { ...order, SK: S(`ORD#${row}2`), orderid: S(`${row}2`), numberofitems: S(row), orderdate: S(row) },
    { PK: S(`NONE#${row}`), SK: S(row), anything: S(row), [row]: { M: { [row]: S(row) } } },
    {
      PK: S(`PROD#${row}`),
      SK: S(`ORD#${row}`),
      GSIpk: S(`ORD#${row}`),
      GSIsk: S(`PROD#${row}`),
      type: S('product'),
      orderid: S(row),
      productid: S(row),
      productname: S(row),
      category: S(row),
      color: S(row),
      price: { N: '1.50' },
    },
  ];
  for (const Item of items) await dynamodb.send(new PutItemCommand({ TableName: 'ecommerce', Item }));
  dynamodb.destroy();
}

/** Writes a configuration over a changed copy of the example's model, and gives its path. */
export async function writeModel(
  folder: string,
  name: string,
  settings: string,
  change: (text: string) => string = (text) => text
): Promise<string> {
  const text = await readFile(join(root, 'examples/ecommerce/warehouse.yaml'), 'utf8');
  await writeFile(join(folder, `${name}-model.yaml`), change(text));
  const file = join(folder, `${name}.yaml`);
  await writeFile(file, `model: ${name}-model.yaml\n${settings}`);
  return file;
}

/** The history of every workflow of the namespace, as the server keeps it, and what it lists of each. */
export async function rawHistories(address: string): Promise<Evidence[]> {
  const connection = await Connection.connect({ address });
  const namespace = 'default';
  const { History } = proto.temporal.api.history.v1;
  const { workflowService } = connection;
  const found: Evidence[] = [];
  const { executions } = await workflowService.listWorkflowExecutions({ namespace, pageSize: 1000 });
  for (const one of executions) {
    const execution = one.execution ?? {};
    const { WorkflowExecutionInfo } = proto.temporal.api.workflow.v1;
    found.push({
      where: `listing of ${execution.workflowId}`,
      bytes: Buffer.from(WorkflowExecutionInfo.encode(one).finish()),
    });
    let nextPageToken: Uint8Array | undefined;
    const events: NonNullable<Parameters<typeof History.encode>[0]['events']> = [];
    do {
      const page = await workflowService.getWorkflowExecutionHistory({ namespace, execution, nextPageToken });
      events.push(...(page.history?.events ?? []));
      nextPageToken = page.nextPageToken;
    } while (nextPageToken !== undefined && nextPageToken.length > 0);
    found.push({
      where: `history of ${execution.workflowId}`,
      bytes: Buffer.from(History.encode({ events }).finish()),
    });
  }
  await connection.close();
  return found;
}
