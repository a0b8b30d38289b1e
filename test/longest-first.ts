import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

/** Test files that take longest, the longest first, as `.ci/run` shows them; one of them started last would end alone. */
const longest = [
  'e2e/crash-matrix',
  'incremental/random-histories-a',
  'workflows/elt-control',
  'e2e/fault-matrix',
  'incremental/random-histories-b',
  'incremental/forty-days',
  'e2e/demo-interrupted',
  'glue/parity',
  'local/environment/environment',
  'e2e/up-and-down',
  'e2e/many-pipelines',
  'workflows/run-control',
  'e2e/killed-worker',
  'e2e/demo',
  'workflows/run-end',
  'workflows/batch',
  'security/marked-values',
];

/** Vitest knows how long files took only where it has run before; CI begins anew. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = longest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return index === -1 ? longest.length : index;
    };
    return (await super.sort(files)).sort((left, right) => rank(left) - rank(right));
  }
}
