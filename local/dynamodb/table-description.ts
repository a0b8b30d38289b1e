/** One attribute value in DynamoDB JSON, such as `{"S": "text"}`; binary is base64, numbers are text. */
export type AttributeValue = Readonly<Record<string, unknown>>;

/** An item in DynamoDB JSON. */
export type Item = Readonly<Record<string, AttributeValue>>;

/** A key element, the HASH one first. */
export interface KeySchemaElement {
  readonly AttributeName: string;
  readonly KeyType: 'HASH' | 'RANGE';
}

/** A secondary index as it stands in a table's description. */
export interface IndexDescription {
  readonly IndexName: string;
  readonly KeySchema: readonly KeySchemaElement[];
  readonly Projection: { readonly ProjectionType: string; readonly NonKeyAttributes?: readonly string[] };
  IndexStatus?: string;
}

/** A table as DescribeTable answers it and as it is kept; times are seconds since the epoch. */
export interface TableDescription {
  readonly TableName: string;
  TableArn: string;
  TableId: string;
  TableStatus: string;
  readonly KeySchema: readonly KeySchemaElement[];
  readonly AttributeDefinitions: readonly { readonly AttributeName: string; readonly AttributeType: 'S' | 'N' | 'B' }[];
  GlobalSecondaryIndexes?: readonly IndexDescription[];
  LocalSecondaryIndexes?: readonly IndexDescription[];
  ItemCount: number;
  TableSizeBytes: number;
}
