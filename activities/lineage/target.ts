/** Where OpenLineage's events go, and under which namespace. */
export interface LineageTarget {
  readonly url: URL;
  /** A secret; sent as a bearer token. */
  readonly apiKey?: string;
  readonly namespace: string;
  /** Of Sluice. */
  readonly version: string;
}
