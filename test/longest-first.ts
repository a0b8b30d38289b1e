import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

/** Test files that take longest, the longest first, as `.ci/run` shows them; one of them started last would end alone. */
const longest = [
  'e2e/crash-matrix',
  'e2e/fault-matrix',
  'incremental/random-histories-b',
  'incremental/random-histories-a',
  'incremental/forty-days',
  'e2e/demo-interrupted',
  'e2e/up-and-down',
  'workflows/elt-control',
  'local/environment/environment',
  'glue/parity',
  'e2e/many-pipelines',
  'e2e/killed-worker',
  'workflows/run-control',
  'workflows/batch',
  'security/marked-values',
  'e2e/demo',
  'workflows/run-end',
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
