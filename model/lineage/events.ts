/**
 * Events of OpenLineage 2-0-2, the parts that Sluice sends.
 * https://openlineage.io/spec/2-0-2/OpenLineage.json
 */
export interface LineageEvent {
  /** ISO 8601. */
  readonly eventTime: string;
  readonly eventType: 'START' | 'COMPLETE' | 'FAIL' | 'ABORT';
  readonly producer: string;
  readonly schemaURL: string;
  readonly run: { readonly runId: string; readonly facets: Facets };
  readonly job: { readonly namespace: string; readonly name: string; readonly facets: Facets };
  readonly inputs: readonly (LineageDataset & { readonly inputFacets?: Facets })[];
  readonly outputs: readonly (LineageDataset & { readonly outputFacets?: Facets })[];
}

/** Facets by their key. */
export type Facets = Readonly<Record<string, Facet>>;

/** What is said of a run, a job or a dataset. */
export interface Facet {
  readonly _producer: string;
  readonly _schemaURL: string;
  readonly [field: string]: unknown;
}

/** A table or a prefix of S3, named as https://openlineage.io/docs/spec/naming has it. */
export interface LineageDataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets?: Facets;
}

const spec = 'https://openlineage.io/spec';

/** Schema that a run event follows. */
export const runEventSchema = `${spec}/2-0-2/OpenLineage.json#/$defs/RunEvent`;

/** Versions of the facets that are sent. */
const facetSchemas = {
  schema: '1-2-0/SchemaDatasetFacet',
  outputStatistics: '1-0-2/OutputStatisticsOutputDatasetFacet',
  inputStatistics: '1-0-0/InputStatisticsInputDatasetFacet',
  dataQualityMetrics: '1-0-3/DataQualityMetricsInputDatasetFacet',
  parent: '1-2-0/ParentRunFacet',
  errorMessage: '1-0-1/ErrorMessageRunFacet',
  nominalTime: '1-0-1/NominalTimeRunFacet',
  jobType: '2-0-4/JobTypeJobFacet',
  processing_engine: '1-1-1/ProcessingEngineRunFacet',
} as const;

/** Key of a facet that is sent. */
export type FacetName = keyof typeof facetSchemas;

/** A facet under its key, to be spread into facets. */
export function facet(producer: string, name: FacetName, fields: Readonly<Record<string, unknown>>): Facets {
  const schema = facetSchemas[name];
  const [, type = ''] = schema.split('/');
  return { [name]: { _producer: producer, _schemaURL: `${spec}/facets/${schema}.json#/$defs/${type}`, ...fields } };
}
